# gateway.pl - what the commands for gateways of text messages share: the operator's file, the number and the text, the
# request, and how they end.
#
# The secrets of the file are in no argument, in no environment and in nothing that is printed. Beside Perl's own modules,
# which are in the packages perl-base and perl, curl is needed.
use strict;
use warnings;
use IPC::Open2;

# The endings that postlatch-sender knows, beside 0. Later: the gateway, or the operator, can mend what is wrong, and then
# the message may be sent. Refused: it never will be.
my %STATUS = (later => 75, refused => 65);

sub finish {
	my ($how, $sentence) = @_;
	print {*STDERR} $0 =~ m{([^/]*)\z}, ": $sentence\n";
	exit $STATUS{$how};
}

for my $module (qw(Digest::SHA Encode JSON::PP)) {
	eval "require $module" or finish('later', "Perl's module $module is missing: install the package perl");
}

# The settings, the digits of the number with its calling code, and the text. The table has the names that lines of the
# file may have, with what holds without the line: undef where there must be one. url is where the API is, or a proxy.
sub task {
	my (%setting) = @_;
	finish('later', 'usage: COMMAND FILE NUMBER') unless @ARGV == 2;
	my ($path, $number) = @ARGV;
	open(my $file, '<', $path) or finish('later', "$path cannot be read: $!");
	while (<$file>) {
		next if /^\s*(#|$)/;
		my ($name, undef, $value) = /^\s*(\w+)\s*=\s*("?)([!#-~]+)\2\s*$/;
		finish('later', "$path, line $.: this is not \"name = value\" with one of the names "
			. join(', ', sort keys %setting)) unless defined $name && exists $setting{$name};
		$setting{$name} = $value;
	}
	for my $name (sort keys %setting) {
		finish('later', "$path: $name is missing") unless defined $setting{$name};
	}
	finish('later', "$path: url begins neither with https:// nor with http://127.0.0.1")
		unless $setting{url} =~ m{^(https://|http://127\.0\.0\.1[:/])};
	my ($digits) = $number =~ /^\+([1-9][0-9]{6,14})\z/ or finish('refused', 'the number is not in the form of E.164');
	return (\%setting, $digits, read_text());
}

# Gateways in Korea send what EUC-KR has. They refuse a text with anything else, and so with it the code: here it becomes
# a question mark.
sub read_text {
	local $/;
	my $text = Encode::decode('UTF-8', <STDIN> // '');
	$text =~ s/\s+\z//;
	return Encode::decode('euc-kr', Encode::encode('euc-kr', $text));
}

# Whether a text is longer than the 90 bytes of a short message. The end of a line may be sent as two bytes.
sub is_long {
	my ($text) = @_;
	$text =~ s/\n/\r\n/g;
	return length(Encode::encode('euc-kr', $text)) > 90;
}

sub json { return JSON::PP->new->canonical->encode($_[0]) }

# Runs curl with these options, name and value in turn, and returns the object of JSON that the gateway answers. An HTTP
# status but 2xx and 400 has nothing to do with this message. The options come from standard input, since arguments are
# seen by everybody.
sub post {
	my @options = ('write-out', "\n%{http_code}", @_);
	my $config = "silent\nshow-error\ngloboff\nmax-time = 8\n";
	while (my ($name, $value) = splice @options, 0, 2) {
		$value =~ s/(["\\])/\\$1/g;
		$value =~ s/\n/\\n/g;
		$config .= "$name = \"$value\"\n";
	}
	local $SIG{PIPE} = 'IGNORE';
	my ($from, $to);
	my $pid = eval { open2($from, $to, 'curl', '--disable', '--config', '-') }
		or finish('later', 'curl cannot be started: install the package curl');
	binmode $to, ':utf8';
	print {$to} $config;
	close $to;
	read $from, my $output, 65536;
	close $from;
	waitpid $pid, 0;
	finish('later', 'curl has no answer of the gateway') if $? != 0;
	my ($body, $status) = $output =~ /\A(.*)\n([0-9]{3})\z/s or finish('later', 'the answer of the gateway is too long');
	my $answer = eval { JSON::PP->new->utf8->decode($body) };
	return $answer if ref $answer eq 'HASH' && $status =~ /^(2..|400)$/;
	my $name = ref $answer eq 'HASH' ? $answer->{errorCode} // '' : $status =~ /^2/ ? 'no object of JSON' : '';
	finish($status eq '400' ? 'refused' : 'later', "the gateway answers with HTTP status $status"
		. ($name =~ /^[\w ]{1,40}\z/a ? " ($name)" : ''));
}

# Ends as the gateway has answered: with success, or with a code. Those in @later have nothing to do with this message.
sub end_with {
	my ($sent, $code, @later) = @_;
	exit 0 if $sent;
	finish('later', 'the answer of the gateway is not understood') unless defined $code && $code =~ /^-?\w{1,40}\z/a;
	finish((grep { $_ eq $code } @later) ? 'later' : 'refused', "the gateway answers with the code $code");
}

1;
