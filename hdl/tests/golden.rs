//! A change of hardware is a changed line of golden.txt, and of the table of cards that the driver knows:
//! `cargo run -p proofmill-hdl -- hashes > hdl/golden.txt`,
//! `cargo run -p proofmill-hdl -- hashes --cards > host/driver/src/device/fpga/designs.txt`.

use proofmill_hdl::{card, design};

fn compare(golden: &str, found: &str) {
    for (golden, found) in golden.lines().zip(found.lines()) {
        assert_eq!(golden, found);
    }
    assert_eq!(golden, found);
}

#[test]
fn the_verilog_is_what_was_last_looked_at() {
    compare(include_str!("../golden.txt"), &design::hashes().unwrap());
}

#[test]
fn the_driver_knows_the_cards() {
    let golden = include_str!("../../host/driver/src/device/fpga/designs.txt");
    compare(golden, &card::known().unwrap());
}
