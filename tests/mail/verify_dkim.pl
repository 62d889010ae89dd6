# Says what Mail::DKIM, which is not ours, finds about the signatures of messages.
# Arguments: port of a name server on 127.0.0.1, then the messages' files. One line for each.
use strict;
use warnings;
use Mail::DKIM::DNS;
use Mail::DKIM::Verifier;
use Net::DNS::Resolver;

my $port = shift @ARGV;
Mail::DKIM::DNS::resolver(
    Net::DNS::Resolver->new(
        config_file => '/dev/null',
        nameservers => ['127.0.0.1'],
        port        => $port,
        recurse     => 0,
        udp_timeout => 5,
    )
);
for my $file (@ARGV) {
    open my $message, '<:raw', $file or die "$file: $!";
    local $/;
    my $verifier = Mail::DKIM::Verifier->new;
    $verifier->PRINT(<$message>);
    $verifier->CLOSE;
    print join(' ', split ' ', $verifier->result_detail), "\n";
}
