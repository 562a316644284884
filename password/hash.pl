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

# The old and the new password, of standard input. The old one is '' where it was forgotten, and then it is not compared:
# postlatch-password lets that through where password_recovery is on.
sub read_passwords {
	my @lines = map { my $line = <STDIN>; finish('later', 'no passwords on standard input') unless defined $line;
		chomp $line; $line } 1 .. 2;
	finish('later', 'an empty password') if $lines[1] eq '';
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

# Scheme and hash of a value as Dovecot's passdbs have it; of one without a scheme, scheme is taken.
sub parts {
	my ($value, $scheme) = @_;
	return $value =~ /^\{([A-Za-z0-9.-]+)\}(.*)$/s ? (uc $1, $2) : (uc $scheme, $value);
}

sub is_plain { return $_[0] =~ /^(PLAIN|CLEAR|CLEARTEXT)$/ }

# Whether a new password may take the place of this value: the old one is that of it, or was forgotten. One that begins
# with ! or *, as accounts are locked, is nobody's, and nobody has forgotten it.
sub may_replace {
	my ($old, $value, $default) = @_;
	return is_right($old, $value, $default) if $old ne '';
	my ($scheme, $hash) = parts($value, $default);
	return is_plain($scheme) || $hash !~ /^[!*]/;
}

# Whether a password is that of a value.
sub is_right {
	my ($password, $value, $default) = @_;
	my ($scheme, $hash) = parts($value, $default);
	return same($password, $hash) if is_plain($scheme);
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
