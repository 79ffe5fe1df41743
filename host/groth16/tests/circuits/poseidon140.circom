pragma circom 2.1.0;

include "circomlib/circuits/poseidon.circom";

// x is hashed with the public key k again and again. Nearly every witness value is a dense 254-bit number.
template Chain(n) {
    signal input x;
    signal input k;
    signal output out;

    signal s[n + 1];
    s[0] <== x;
    component hash[n];
    for (var i = 0; i < n; i++) {
        hash[i] = Poseidon(2);
        hash[i].inputs[0] <== s[i];
        hash[i].inputs[1] <== k;
        s[i + 1] <== hash[i].out;
    }
    out <== s[n];
}

component main {public [k]} = Chain(140);
