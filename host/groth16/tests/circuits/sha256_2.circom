pragma circom 2.1.0;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/sha256/sha256.circom";

// SHA-256 of 512 secret bits: with the padding, two blocks. Nearly every witness value is 0 or 1.
// The digest is public as two 128-bit numbers, most significant half first.
// sha256_2.input.json holds the text "Proofmill grinds sixty-four bytes: padded, they fill two blocks.",
// most significant bit first.
template Sha256OfTwoBlocks() {
    signal input message[512];
    signal output digest[2];

    component hash = Sha256(512);
    hash.in <== message;

    component half[2];
    for (var h = 0; h < 2; h++) {
        half[h] = Bits2Num(128);
        for (var i = 0; i < 128; i++) {
            half[h].in[i] <== hash.out[128 * h + 127 - i];
        }
        digest[h] <== half[h].out;
    }
}

component main = Sha256OfTwoBlocks();
