//! A transform over Goldilocks on the first FPGA card that `PROOFMILL_CARDS` names, compared with the CPU's.
//! Usage: card [LOG_N]

use bytes::Bytes;
use proofmill::job::{Chain, Form, Step, Values};
use proofmill::{Direction, Done, Error, Ntt, Pool, Random};
use proofmill_field::FieldId;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log_n = std::env::args().nth(1).map_or(Ok(12), |n| n.parse())?;
    let mut random = Random::seeded(1);
    let elements =
        (0..1 << log_n).flat_map(|_| random.element(FieldId::Goldilocks)[0].to_le_bytes());
    let form = Form::Data(FieldId::Goldilocks);
    let values = Values::new(form, Bytes::from_iter(elements))?;
    let ntt = Ntt::new(log_n, Direction::Forward);
    let steps = vec![
        Step::Upload { to: 0, values },
        Step::Ntt { on: vec![0], ntt },
        Step::Download { from: 0 },
    ];
    let label = "demo".into();
    let job = Chain { label, steps };

    let card = Pool::builder().devices(["fpga:0"]).open()?;
    println!("{}", card.devices()[0].name);
    let start = Instant::now();
    let found = run(&card, &job)?;
    let time = start.elapsed();
    let (device, checked) = (found.report.devices()[0], &found.report.checked);
    println!("2^{log_n} on {device} in {time:.1?}, checked: {checked:?}");
    let expected = run(&Pool::builder().devices(["cpu:0"]).open()?, &job)?;
    if found.values[0].bytes() != expected.values[0].bytes() {
        return Err("the CPU finds something else".into());
    }
    println!("the CPU finds the same");
    Ok(())
}

fn run(pool: &Pool, job: &Chain) -> Result<Done, Error> {
    Ok(pool.run(vec![job.clone()])?.remove(0))
}
