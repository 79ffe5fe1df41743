//! The bucket machine: emitted Verilog under Verilator against the definition, and against its model.

#![allow(clippy::unwrap_used)]

use num_bigint::BigUint;
use proofmill_field::naive::{NaiveGroup, Projective};
use proofmill_field::{CurveId, Group, Int, Random, int};
use proofmill_hdl::arith::wide::{Reduction, plan};
use proofmill_hdl::design::verilog;
use proofmill_hdl::msm::buckets::{BucketMachine, Plan, model};
use proofmill_hdl::sim::{self, Model, Port};

/// A job: affine points or infinity, and scalars less than r.
struct Job {
    bases: Vec<Projective>,
    scalars: Vec<Int>,
}

/// What the machine says of a job.
struct Answer {
    words: Vec<u64>,
    cycles: u64,
    periods: u64,
    additions: u64,
}

fn machine(curve: CurveId, lanes: usize, window_bits: usize) -> Plan {
    Plan::new(curve.spec(), Reduction::Tables, lanes, window_bits).unwrap()
}

/// Affine points with their infinity, from which jobs choose.
fn bases(plan: &Plan, count: usize, random: &mut Random) -> Vec<Projective> {
    let group = NaiveGroup::new(plan.curve, Group::G1);
    let mut bytes = vec![0; plan.curve.point_bytes(Group::G1)];
    let mut affine = |point: &Projective| {
        group.write(point, &mut bytes);
        group.read(&bytes)
    };
    let step = group.scale(&group.generator(), &random.element(plan.curve.scalar.id));
    let mut point = group.generator();
    (0..count)
        .map(|_| {
            point = group.add(&point, &step);
            affine(&point)
        })
        .collect()
}

/// Points and scalars one after the other into a machine, jobs started whenever it is ready.
struct Run<'a> {
    model: &'a mut Model,
    stalls: Option<Random>,
    streams: [Stream; 2],
    out: [Port; 3],
}

struct Stream {
    words: Vec<u64>,
    place: usize,
    ports: [Port; 3],
}

impl Run<'_> {
    /// A word of each stream, unless it pauses; gives a word of the answer.
    fn tick(&mut self) -> Option<u64> {
        let mut pauses = || {
            self.stalls
                .as_mut()
                .is_some_and(|random| random.word() & 1 == 1)
        };
        for stream in &mut self.streams {
            let [data, valid, ready] = stream.ports;
            let word = stream.words.get(stream.place).filter(|_| !pauses());
            self.model.set(valid, word.is_some().into());
            self.model.set(data, word.copied().unwrap_or_default());
            let is_taken = word.is_some() && self.model.get(ready) == 1;
            stream.place += usize::from(is_taken);
        }
        let [data, valid, ready] = self.out;
        let takes = !pauses();
        self.model.set(ready, takes.into());
        let word = (takes && self.model.get(valid) == 1).then(|| self.model.get(data));
        self.model.tick(1);
        word
    }
}

fn run(plan: &Plan, model: &mut Model, jobs: &[Job], stalls: Option<u64>) -> Vec<Answer> {
    let port = |model: &Model, name: &str| model.port(name).unwrap();
    let ports = |model: &Model, stream: &str| {
        ["data", "valid", "ready"].map(|end| port(model, &format!("{stream}_{end}")))
    };
    let names = ["start", "count", "ready", "cycles", "periods", "additions"];
    let [start, count, ready, cycles, periods, additions] = names.map(|name| port(model, name));
    let limbs = plan.curve.base.limbs();
    let scalars = jobs.iter().flat_map(|job| &job.scalars);
    let scalars = scalars.flat_map(|scalar| scalar[..plan.scalar_words()].to_vec());
    let points = jobs.iter().flat_map(|job| &job.bases);
    let points = points.flat_map(|[[x, _], [y, _], [z, _]]| {
        let is_there = usize::from(!int::is_zero(z));
        [x, y]
            .map(|x| {
                x[..limbs]
                    .iter()
                    .map(|word| word * is_there as u64)
                    .collect::<Vec<_>>()
            })
            .concat()
    });
    let streams = [
        ("scalar", scalars.collect()),
        ("point", points.collect::<Vec<u64>>()),
    ];
    let streams = streams.map(|(name, words)| Stream {
        words,
        place: 0,
        ports: ports(model, name),
    });
    let out = ports(model, "out");
    let mut run = Run {
        model,
        stalls: stalls.map(Random::seeded),
        streams,
        out,
    };
    let mut answers = Vec::new();
    for job in jobs {
        let mut words = Vec::new();
        while run.model.get(ready) == 0 {
            assert_eq!(run.tick(), None);
        }
        run.model.set(start, 1);
        run.model.set(count, job.bases.len() as u64);
        words.extend(run.tick());
        run.model.set(start, 0);
        let limit = 2 * plan.clocks(job.bases.len() as u64) + 100_000;
        for _ in 0..limit {
            words.extend(run.tick());
            if words.len() == 3 * limbs {
                break;
            }
        }
        assert_eq!(words.len(), 3 * limbs, "the machine stands still");
        answers.push(Answer {
            words,
            cycles: run.model.get(cycles),
            periods: run.model.get(periods),
            additions: run.model.get(additions),
        });
    }
    answers
}

/// A machine out of reset.
fn simulated(plan: &Plan) -> Model {
    let mut model = Model::new(&verilog(BucketMachine::new(plan)).unwrap()).unwrap();
    reset(&mut model);
    model
}

fn reset(model: &mut Model) {
    for port in ["start", "scalar_valid", "point_valid", "out_ready"] {
        model.set(model.port(port).unwrap(), 0);
    }
    let reset = model.port("reset").unwrap();
    model.set(reset, 1);
    model.tick(1);
    model.set(reset, 0);
    model.tick(1);
}

/// X, Y and Z as the machine gives them.
fn point(plan: &Plan, answer: &Answer) -> [BigUint; 3] {
    let limbs = plan.curve.base.limbs();
    std::array::from_fn(|i| {
        let words = answer.words[i * limbs..][..limbs].iter();
        words
            .rev()
            .fold(BigUint::default(), |sum, word| (sum << 64) + *word)
    })
}

/// The sum of a job by definition, compared without division: X·z = x·Z.
fn check(plan: &Plan, job: &Job, answer: &Answer) {
    let group = NaiveGroup::new(plan.curve, Group::G1);
    let expected = group.msm(&job.bases, &job.scalars);
    let p = plan::integer(&plan.curve.base.modulus);
    let [x, y, z] = point(plan, answer);
    let [ex, ey, ez] = expected.map(|[x, _]| plan::integer(&x));
    for value in [&x, &y, &z] {
        assert!(value < &(&p * 4u8));
    }
    assert_eq!(&z % &p == BigUint::default(), ez == BigUint::default());
    assert_eq!((&x * &ez) % &p, (&ex * &z) % &p);
    assert_eq!((&y * &ez) % &p, (&ey * &z) % &p);
    assert!(&y % &p != BigUint::default() || &z % &p != BigUint::default());
}

/// What scalars look like.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scalars {
    Uniform,
    /// 0, 1 and r − 1 in turn.
    Edges,
    Equal,
    ZeroOrOne,
    /// One in ten is the same.
    Skewed,
    /// Zeros.
    Nothing,
}

const KINDS: [Scalars; 6] = [
    Scalars::Uniform,
    Scalars::Edges,
    Scalars::Equal,
    Scalars::ZeroOrOne,
    Scalars::Skewed,
    Scalars::Nothing,
];

/// Scalars of a kind, over points among which are infinity, equal and opposite ones.
fn job(plan: &Plan, pool: &[Projective], kind: Scalars, count: usize, random: &mut Random) -> Job {
    let field = plan.curve.scalar;
    // a machine of few windows takes so many bits
    let bits = plan.lanes * plan.lane_bits();
    let bits = if bits > field.bits as usize {
        bits
    } else {
        bits - 2
    };
    let cut = |x: Int| {
        let x = plan::integer(&x) % (BigUint::from(1u8) << bits);
        let mut limbs = x.to_u64_digits();
        limbs.resize(int::LIMBS, 0);
        Int::try_from(limbs).unwrap()
    };
    let edges = [
        int::ZERO,
        int::small(1),
        cut(field.from_data(&field.neg(&field.one))),
    ];
    let mut uniform = || cut(field.from_data(&random.element(field.id)));
    let one = uniform();
    let scalar = |i: usize| match kind {
        Scalars::Uniform => uniform(),
        Scalars::Edges => edges[i % 3],
        Scalars::Equal => one,
        Scalars::ZeroOrOne => edges[uniform()[0] as usize % 2],
        Scalars::Skewed if i.is_multiple_of(10) => one,
        Scalars::Skewed => uniform(),
        Scalars::Nothing => int::ZERO,
    };
    let scalars = (0..count).map(scalar).collect();
    let group = NaiveGroup::new(plan.curve, Group::G1);
    let base = |i: usize| {
        let [x, [y, zero], z] = pool[i % pool.len()];
        match i % 8 {
            3 => group.infinity(),
            5 => pool[0],
            6 => [pool[0][0], [plan.curve.base.neg(&pool[0][1][0]), zero], z],
            _ => [x, [y, zero], z],
        }
    };
    Job {
        bases: (0..count).map(base).collect(),
        scalars,
    }
}

/// The model of the machine has the same digits.
fn check_model(plan: &Plan, job: &Job, answer: &Answer) {
    let base = |[[x, _], [y, _], [z, _]]: &Projective| {
        (!int::is_zero(z)).then(|| [x, y].map(plan::integer))
    };
    let bases: Vec<_> = job.bases.iter().map(base).collect();
    let scalars: Vec<_> = job.scalars.iter().map(plan::integer).collect();
    assert_eq!(point(plan, answer), model::total(plan, &bases, &scalars));
}

/// The clocks of the closed form, and no more.
fn check_clocks(plan: &Plan, count: usize, answer: &Answer) {
    let expected = plan.clocks(count as u64);
    let difference = answer.cycles.abs_diff(expected);
    assert!(
        difference * 100 <= 3 * expected,
        "{} clocks, {expected} expected",
        answer.cycles
    );
}

/// Jobs of these sizes back to back, all kinds of scalars in turn; the first ones also against the model.
fn agrees(plan: &Plan, sizes: &[usize], modelled: usize) {
    if sim::is_missing() {
        return;
    }
    let mut random = Random::seeded(7);
    let pool = bases(plan, 16, &mut random);
    let mut job = |(i, size): (usize, &usize)| job(plan, &pool, KINDS[i % 6], *size, &mut random);
    let jobs: Vec<_> = sizes.iter().enumerate().map(&mut job).collect();
    let answers = run(plan, &mut simulated(plan), &jobs, None);
    for (job, answer) in jobs.iter().zip(&answers) {
        check(plan, job, answer);
        check_clocks(plan, job.bases.len(), answer);
    }
    for (job, answer) in jobs.iter().zip(&answers).take(modelled) {
        check_model(plan, job, answer);
    }
}

#[test]
fn sums_over_bn254() {
    let plan = machine(CurveId::Bn254, 2, 5);
    agrees(&plan, &[1, 2, 3, 0, 4, 5, 8, 33, 64], 4);
}

#[test]
fn sums_over_bls12_381() {
    agrees(&machine(CurveId::Bls12_381, 2, 4), &[9, 6, 2], 1);
}

/// One lane for scalars of few bits, four windows: a sum is there just when its window comes again.
fn short(window_bits: usize) -> Plan {
    let mut plan = machine(CurveId::Bn254, 1, window_bits);
    plan.widths.truncate(plan.rest());
    assert_eq!(plan.windows(), 4);
    plan
}

#[test]
fn sums_of_every_size() {
    let sizes: Vec<_> = (1..=64).collect();
    agrees(&short(5), &sizes, 12);
}

/// Uniform scalars leave hardly an adder's place empty, and others take no more time.
fn is_busy(plan: &Plan, count: usize) {
    if sim::is_missing() {
        return;
    }
    let mut random = Random::seeded(9);
    let pool = bases(plan, 64, &mut random);
    let mut jobs = KINDS.map(|kind| job(plan, &pool, kind, count, &mut random));
    let all = pool.iter().cycle().take(count).copied();
    jobs[0].bases = all.collect(); // none of them infinity
    let answers = run(plan, &mut simulated(plan), &jobs, None);
    for (job, answer) in jobs.iter().zip(&answers) {
        check(plan, job, answer);
        check_clocks(plan, count, answer);
        assert!(2 * answer.cycles <= 3 * answers[0].cycles);
    }
    let digits = jobs[0].scalars.iter();
    let digits = digits.flat_map(|scalar| plan.digits(&plan::integer(scalar)));
    let taken = digits.filter(|digit| *digit != 0).count() as u64;
    let uniform = &answers[0];
    assert_eq!(uniform.additions, taken);
    let places = uniform.periods * plan.lanes as u64;
    eprintln!(
        "{taken} additions in {places} places, {} clocks of {}",
        uniform.cycles,
        plan.clocks(count as u64)
    );
    assert!(100 * taken >= 97 * places, "{taken} of {places}");
}

#[test]
fn an_adder_is_busy() {
    is_busy(&short(8), 200);
}

/// `PROOFMILL_LONG=1`, as `make nightly` sets it: whole scalars and more points in more lanes.
#[test]
fn sums_of_many_points() {
    if std::env::var_os("PROOFMILL_LONG").is_none() {
        eprintln!("PROOFMILL_LONG is not set: no jobs of 2^10 points");
        return;
    }
    agrees(&machine(CurveId::Bn254, 1, 8), &[1 << 10, 257], 0);
    agrees(&machine(CurveId::Bls12_381, 4, 6), &[300, 1 << 8], 0);
    agrees(&machine(CurveId::Bls12_377, 4, 6), &[40, 50], 1);
    is_busy(&machine(CurveId::Bn254, 9, 8), 1 << 10);
}

#[test]
fn streams_may_pause() {
    if sim::is_missing() {
        return;
    }
    let plan = machine(CurveId::Bn254, 2, 5);
    let mut random = Random::seeded(11);
    let pool = bases(&plan, 8, &mut random);
    let jobs = [9, 1].map(|size| job(&plan, &pool, Scalars::Uniform, size, &mut random));
    let answers = run(&plan, &mut simulated(&plan), &jobs, Some(3));
    for (job, answer) in jobs.iter().zip(&answers) {
        check(&plan, job, answer);
    }
}

#[test]
fn a_reset_forgets_a_job() {
    if sim::is_missing() {
        return;
    }
    let plan = machine(CurveId::Bn254, 2, 5);
    let mut random = Random::seeded(12);
    let pool = bases(&plan, 8, &mut random);
    let job = job(&plan, &pool, Scalars::Uniform, 6, &mut random);
    let mut model = simulated(&plan);
    let [start, count, ready, valid, data] =
        ["start", "count", "ready", "point_valid", "point_data"]
            .map(|name| model.port(name).unwrap());
    let scalar = ["scalar_valid", "scalar_data"].map(|name| model.port(name).unwrap());
    // in the middle of points, of running sums and of the chain
    for clocks in [20_000, 100_000, 250_000] {
        while model.get(ready) == 0 {
            model.tick(1);
        }
        for (port, word) in [
            (start, 1),
            (count, 4),
            (valid, 1),
            (data, 77),
            (scalar[0], 1),
            (scalar[1], 99),
        ] {
            model.set(port, word);
        }
        model.tick(1);
        model.set(start, 0);
        model.tick(clocks);
        reset(&mut model);
    }
    let answers = run(&plan, &mut model, std::slice::from_ref(&job), None);
    check(&plan, &job, &answers[0]);
}

/// The most windows, and the most bits to a lane.
#[test]
fn the_largest_machines_become_verilog() {
    for window_bits in [4, 7] {
        let plan = machine(CurveId::Bls12_381, 1, window_bits);
        assert!(verilog(BucketMachine::new(&plan)).is_ok());
    }
}

#[test]
fn digits_make_the_scalar_and_fit_their_windows() {
    for curve in CurveId::ALL {
        let field = curve.spec().scalar;
        let largest = plan::integer(&field.modulus) - 1u8;
        for (lanes, window_bits) in [(1, 4), (1, 7), (2, 5), (4, 8), (9, 8), (16, 4)] {
            let plan = machine(curve, lanes, window_bits);
            assert!(plan.windows() >= plan.rest());
            for scalar in [
                0u8.into(),
                1u8.into(),
                &largest >> 1,
                &largest - 1u8,
                largest.clone(),
            ] {
                let widths = (0..lanes).flat_map(|_| &plan.widths);
                let mut sum = num_bigint::BigInt::default();
                let mut place = 0;
                for (digit, width) in plan.digits(&scalar).iter().zip(widths) {
                    assert!(digit.unsigned_abs() <= 1 << (width - 1));
                    sum += num_bigint::BigInt::from(*digit) << place;
                    place += width;
                }
                assert_eq!(
                    sum,
                    scalar.into(),
                    "{curve}, {lanes} lanes of {window_bits} bits"
                );
            }
        }
    }
}
