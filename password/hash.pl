# hash.pl - what passwd-file and sql share: the request, checking a hash, making one.
#
# Only what Debian's perl-base has is used, which is on every Debian.
use strict;
use warnings;
use IPC::Open2;

# The endings that postlatch-password knows; nothing is changed by the first three.
our %STATUS = (wrong => 77, refused => 65, later => 75);

sub finish {
	my ($how, $sentence) = @_;
	print {$how eq 'refused' ? *STDOUT : *STDERR} "$sentence\n" if defined $sentence;
	exit $STATUS{$how};
}

# The old and the new password, of standard input.
sub read_passwords {
	my @lines = map { my $line = <STDIN>; finish('later', 'no passwords on standard input') unless defined $line;
		chomp $line; $line } 1 .. 2;
	finish('later', 'an empty password') if grep { $_ eq '' } @lines;
	return @lines;
}

# What a command prints that is given this input, and its exit status.
sub run {
	my ($input, @command) = @_;
	local $SIG{PIPE} = 'IGNORE';
	my ($from, $to);
	eval { open2($from, $to, @command) } or finish('later', "$command[0] cannot be started");
	print {$to} $input;
	close $to;
	my $output = do { local $/; <$from> };
	wait;
	return ($output // '', $?);
}

# Whether a password is that of a hash as Dovecot's passdbs have it; of one without a scheme, scheme is taken.
sub is_right {
	my ($password, $hash, $scheme) = @_;
	($scheme, $hash) = (uc $1, $2) if $hash =~ /^\{([A-Za-z0-9.-]+)\}(.*)$/s;
	$scheme = uc $scheme;
	return same($password, $hash) if $scheme =~ /^(PLAIN|CLEAR|CLEARTEXT)$/;
	if ($scheme =~ /^(CRYPT|(SHA256|SHA512|BLF|MD5|DES)-CRYPT|MD5)$/) {
		my $made = crypt($password, $hash);
		return defined $made && length($made) > 10 && same($made, $hash);
	}
	finish('later', "passwords of scheme $scheme cannot be checked by this script");
}

# Without an early end.
sub same {
	my ($one, $other) = @_;
	return 0 if length $one != length $other;
	my $different = 0;
	$different |= ord(substr $one, $_, 1) ^ ord(substr $other, $_, 1) for 0 .. length($one) - 1;
	return !$different;
}

sub make_hash {
	my ($password, $scheme) = @_;
	my ($output, $status) = run("$password\n$password\n", 'doveadm', 'pw', '-s', $scheme);
	finish('later', "doveadm pw -s $scheme failed") if $status || $output !~ /^(\{[A-Z0-9.-]+\}[^\s:]+)\n\z/;
	return $1;
}

1;
