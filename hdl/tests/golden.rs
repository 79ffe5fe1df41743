//! A change of hardware is a changed line of golden.txt:
//! `cargo run -p proofmill-hdl -- hashes > hdl/golden.txt`.

use proofmill_hdl::design;

#[test]
fn the_verilog_is_what_was_last_looked_at() {
    let golden = include_str!("../golden.txt");
    let found = design::hashes().unwrap();
    for (golden, found) in golden.lines().zip(found.lines()) {
        assert_eq!(golden, found);
    }
    assert_eq!(golden, found);
}
