#!/usr/bin/perl
# A phone of Net::SIP: registers, and does what it reads line by line from standard input.
#
# Usage: phone.pl DN PORT SERVER    SERVER is 127.0.0.1:5060
use strict;
use warnings;
use IO::Handle;
use Net::SIP ':all';
use Net::SIP::Dispatcher::Eventloop;

my ($dn, $port, $server) = @ARGV;
STDOUT->autoflush(1);
my ($mode, $call, $pending) = ("ring");

my $leg = Net::SIP::Leg->new(addr => "127.0.0.1", port => $port, proto => "udp");
my $phone = Net::SIP::Simple->new(
    legs => [$leg], from => "sip:$dn\@demo.local", auth => [$dn, "demo"], domain => "demo.local",
    registrar => $server, outgoing_proxy => $server);

sub answer {
    my ($code, $phrase, $sdp) = @_;
    my ($call, $invite, $leg, $from) = @$pending;
    $call->{param}{cb_invite} = undef;
    $phone->{endpoint}->new_response(
        $call->{ctx}, $invite->create_response($code, $phrase, {}, $sdp), $leg, $from);
}

$phone->listen(
    cb_create => sub {
        my ($new, $invite, $leg, $from) = @_;
        $call = $new;
        print "called\n";
        $call->{param}{cb_invite} = sub {
            my ($call, $invite) = @_;
            $pending = [$call, $invite, $leg, $from];
            return $invite->create_response(180, "Ringing");
        };
        return 1;
    },
    cb_established => sub { print "established\n" },
    recv_bye => sub { print "over\n" });

my %orders = (
    register => sub {
        $phone->register(expires => $_[0], cb_final => sub { print "registered $_[0]\n" });
    },
    call => sub {
        $call = $phone->invite(
            "sip:$_[0]\@$server", init_media => sub { },
            cb_preliminary => sub { print "heard $_[1]\n" },
            cb_final => sub {
                my ($status, undef, %more) = @_;
                print "called: $status ", $more{code} // "", "\n";
            },
            recv_bye => sub { print "over\n" });
    },
    answer => sub { answer(200, "OK", $pending->[0]{param}{sdp}) },
    refuse => sub { answer($_[0], "No") },
    change => sub { $call->reinvite(cb_final => sub { print "changed: $_[0]\n" }) },
    cancel => sub { $call->cancel },
    bye => sub { $call->bye(cb_final => sub { print "ended\n" }) },
);

$phone->{loop}->addFD(\*STDIN, EV_READ, [sub {
    # One line at a time, and nothing behind it: the loop sees only what perl has not read.
    my $line = "";
    while (sysread(STDIN, my $byte, 1)) {
        last if $byte eq "\n";
        $line .= $byte;
    }
    exit if $line eq "";
    my ($order, @rest) = split " ", $line;
    $orders{$order}->(@rest);
}]);
print "ready\n";
$phone->loop;
