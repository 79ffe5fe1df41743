//! A CUDA device against its floors: first what the silicon does (products, copies), then the kernels, each
//! with the time below which nothing could do it. `gpu [DEVICE]`, cuda:0 otherwise; `benches/gpu.sh` runs it.
//!
//! Every answer is compared with the CPU's before it is timed. Times are the best of five.

use cudarc::driver::{
    CudaContext, CudaFunction, CudaStream, DriverError, LaunchConfig, PinnedHostSlice,
    PushKernelArg, sys,
};
use cudarc::nvrtc::Ptx;
use proofmill::job::{Chain, Step, Values};
use proofmill::{Direction, Done, Ntt, Options, Policy, Pool, Random};
use proofmill_benches::{Outcome, exit, inputs};
use proofmill_field::{FieldId, Form};
use proofmill_kernels::{Program, ptx};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Samples of each figure.
const SAMPLES: usize = 5;
/// Bytes of the copies that are timed.
const COPIED: usize = 1 << 28;

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Outcome {
    let device = std::env::args().nth(1).unwrap_or_else(|| "cuda:0".into());
    let ordinal = device.strip_prefix("cuda:").and_then(|i| i.parse().ok());
    let ordinal = ordinal.ok_or("expected a device such as cuda:0")?;
    let open = |id: &str| {
        let pool = Pool::builder().devices([id]).open()?;
        let policy = Some(Policy::Off);
        Ok::<_, proofmill::Error>(pool.with(Options {
            policy,
            device: None,
        }))
    };
    let (pool, judge) = (open(&device)?, open("cpu:0")?);
    println!("{}", pool.devices()[0].name);
    // the driver is there: the pool has opened the device
    let rates = Rates::measure(ordinal)?;
    println!("{rates:#?}");
    println!(
        "{:<24} {:>10} {:>10} {:>10}",
        "", "kernel ms", "whole ms", "floor ms"
    );
    for job in jobs(&pool, &rates)? {
        job.row(&pool, &judge)?;
    }
    Ok(())
}

/// What the device does in a second.
#[derive(Debug)]
#[allow(dead_code, reason = "printed whole")]
struct Rates {
    wide_products_of_32_bits: f64,
    products_of_bn254_fr: f64,
    products_of_babybear: f64,
    bytes_from_host: f64,
    bytes_to_host: f64,
    bytes_in_memory: f64,
}

/// Threads of every launch.
const THREADS: u32 = ptx::PROPERTIES.threads;
/// Work-groups of a launch that is timed: many for each multiprocessor.
const GROUPS: u32 = 1 << 14;
/// Rounds of each thread.
const ROUNDS: u32 = 1 << 10;
/// Independent products of a round.
const LANES: usize = 8;

/// PTX of a kernel whose threads do `LANES` chains of 32 × 32 + 64 bits. Each product takes what the next
/// chain has come to, so that none of them can be moved out of the loop.
fn wide_products() -> String {
    let lanes = |line: &dyn Fn(usize, usize) -> String| -> String {
        (0..LANES)
            .map(|lane| line(lane, (lane + 1) % LANES))
            .collect()
    };
    let start = lanes(&|i, _| format!("add.u32 %low{i}, %by, {i};\nmov.u32 %high{i}, %by;\n"));
    let round = lanes(&|i, next| {
        let low = format!("mad.lo.cc.u32 %low{i}, %high{next}, %by, %low{i};\n");
        low + &format!("madc.hi.u32 %high{i}, %high{next}, %by, %high{i};\n")
    });
    let end = lanes(&|i, _| format!("xor.b32 %by, %by, %high{i};\nxor.b32 %by, %by, %low{i};\n"));
    format!(
        ".version 6.3\n.target sm_75\n.address_size 64\n\
         .visible .entry wide(.param .u64 to, .param .u32 rounds)\n{{\n\
         .reg .pred %p;\n.reg .b32 %low<{LANES}>, %high<{LANES}>, %by, %left;\n.reg .b64 %to;\n\
         ld.param.u64 %to, [to];\nld.param.u32 %left, [rounds];\nmov.u32 %by, %tid.x;\n\
         {start}again:\n{round}sub.u32 %left, %left, 1;\nsetp.ne.u32 %p, %left, 0;\n\
         @%p bra again;\n{end}st.global.u32 [%to], %by;\nret;\n}}\n"
    )
}

/// The shortest time of a launch or copy.
fn timed(
    stream: &Arc<CudaStream>,
    mut work: impl FnMut() -> Result<(), DriverError>,
) -> Result<f64, DriverError> {
    let mut best = f64::INFINITY;
    for _ in 0..=SAMPLES {
        let flags = Some(sys::CUevent_flags::CU_EVENT_DEFAULT);
        let start = stream.record_event(flags)?;
        work()?;
        let milliseconds = start.elapsed_ms(&stream.record_event(flags)?)?;
        best = best.min(f64::from(milliseconds) / 1e3);
    }
    Ok(best)
}

/// A device without the product's own code.
struct Bare {
    context: Arc<CudaContext>,
    stream: Arc<CudaStream>,
}

impl Bare {
    const GRID: LaunchConfig = LaunchConfig {
        grid_dim: (GROUPS, 1, 1),
        block_dim: (THREADS, 1, 1),
        shared_mem_bytes: 0,
    };
    /// Rounds of all threads of a launch.
    const ALL_ROUNDS: f64 = GROUPS as f64 * THREADS as f64 * ROUNDS as f64;

    fn kernel(&self, text: &str, name: &str) -> Result<CudaFunction, DriverError> {
        self.context
            .load_module(Ptx::from_src(text))?
            .load_function(name)
    }

    /// Products of 32-bit words, added to 64 bits, in a second.
    fn wide_products(&self) -> Result<f64, DriverError> {
        let kernel = self.kernel(&wide_products(), "wide")?;
        let mut to = self.stream.alloc_zeros::<u32>(1)?;
        let seconds = timed(&self.stream, || {
            let mut launch = self.stream.launch_builder(&kernel);
            launch.arg(&mut to).arg(&ROUNDS);
            // SAFETY: the kernel writes one word.
            unsafe { launch.launch(Self::GRID) }.map(drop)
        })?;
        Ok(Self::ALL_ROUNDS * LANES as f64 / seconds)
    }

    /// Products of a field in a second.
    fn products(&self, field: FieldId) -> Outcome<f64> {
        let program = ptx::of(Program::Field(field)).ok_or("no PTX")?;
        let kernel = self.kernel(program, "products")?;
        let count = GROUPS * THREADS;
        let buffer = || {
            self.stream
                .alloc_zeros::<u8>(count as usize * field.spec().bytes)
        };
        let (mut to, x, y) = (buffer()?, buffer()?, buffer()?);
        let seconds = timed(&self.stream, || {
            let mut launch = self.stream.launch_builder(&kernel);
            launch.arg(&mut to).arg(&x).arg(&y).arg(&count).arg(&ROUNDS);
            // SAFETY: three buffers of so many elements.
            unsafe { launch.launch(Self::GRID) }.map(drop)
        })?;
        Ok(Self::ALL_ROUNDS / seconds)
    }

    /// Bytes in a second: from the host, to it, and read and written on the device.
    fn copies(&self) -> Result<[f64; 3], DriverError> {
        let stream = &self.stream;
        // SAFETY: whatever is there are bytes.
        let mut host: PinnedHostSlice<u8> =
            unsafe { self.context.alloc_pinned_with_flags(COPIED, 0)? };
        let (mut a, mut b) = (stream.alloc_zeros(COPIED)?, stream.alloc_zeros(COPIED)?);
        let up = timed(stream, || stream.memcpy_htod(&host, &mut a))?;
        let down = timed(stream, || stream.memcpy_dtoh(&a, &mut host))?;
        let inside = timed(stream, || stream.memcpy_dtod(&a, &mut b))?;
        let bytes = COPIED as f64;
        Ok([bytes / up, bytes / down, 2.0 * bytes / inside])
    }
}

impl Rates {
    fn measure(ordinal: usize) -> Outcome<Self> {
        let context = CudaContext::new(ordinal)?;
        let stream = context.new_stream()?;
        let bare = Bare { context, stream };
        let [bytes_from_host, bytes_to_host, bytes_in_memory] = bare.copies()?;
        Ok(Rates {
            wide_products_of_32_bits: bare.wide_products()?,
            products_of_bn254_fr: bare.products(FieldId::Bn254Fr)?,
            products_of_babybear: bare.products(FieldId::BabyBear)?,
            bytes_from_host,
            bytes_to_host,
            bytes_in_memory,
        })
    }
}

/// A chain whose second step is timed.
struct Job {
    name: String,
    chain: Chain,
    /// Seconds below which nothing could do it.
    floor: f64,
}

/// Seconds of a sum's additions, in windows of 16 bits, ten products each.
fn floor_of_sum(points: u32, rates: &Rates) -> f64 {
    let windows = (f64::from(FieldId::Bn254Fr.spec().bits) / 16.0).ceil();
    windows * 10.0 * f64::from(points) / rates.products_of_bn254_fr
}

/// Seconds of a transform's butterflies, or of two passes over memory where they take longer.
fn floor_of_transform(field: FieldId, log_n: u32, rates: &Rates) -> f64 {
    let elements = f64::from(log_n).exp2();
    let products = match field {
        FieldId::BabyBear => rates.products_of_babybear,
        _ => rates.products_of_bn254_fr,
    };
    let butterflies = elements * f64::from(log_n) / 2.0;
    let bytes = 4.0 * elements * field.spec().bytes as f64;
    (butterflies / products).max(bytes / rates.bytes_in_memory)
}

fn jobs(pool: &Pool, rates: &Rates) -> Outcome<Vec<Job>> {
    let log_points = 22;
    let (bases, _) = inputs::sums::<ark_bn254::G1Affine>(&[log_points]);
    let bases = pool.load(&bases)?.points().clone();
    let sum = vec![
        upload(FieldId::Bn254Fr, 1 << log_points)?,
        Step::Msm { scalars: 0, bases },
    ];
    let mut jobs = vec![Job {
        name: format!("msm bn254 g1 2^{log_points}"),
        chain: chain(sum),
        floor: floor_of_sum(1 << log_points, rates),
    }];
    for (field, log_n) in [(FieldId::Bn254Fr, 22), (FieldId::BabyBear, 24)] {
        let ntt = Ntt::new(log_n, Direction::Forward);
        let transform = vec![
            upload(field, 1 << log_n)?,
            Step::Ntt { on: vec![0], ntt },
            Step::Download { from: 0 },
        ];
        jobs.push(Job {
            name: format!("ntt {field} 2^{log_n}"),
            chain: chain(transform),
            floor: floor_of_transform(field, log_n, rates),
        });
    }
    Ok(jobs)
}

fn chain(steps: Vec<Step>) -> Chain {
    let label = "bench".into();
    Chain { label, steps }
}

fn upload(field: FieldId, count: usize) -> Outcome<Step> {
    let (spec, mut random) = (field.spec(), Random::seeded(1));
    let mut bytes = vec![0; count * spec.bytes];
    for to in bytes.chunks_exact_mut(spec.bytes) {
        spec.write(&random.element(field), to);
    }
    let values = Values::new(Form::Data(field), bytes.into())?;
    Ok(Step::Upload { to: 0, values })
}

impl Job {
    /// A row of the table, once the answer is the CPU's.
    fn row(&self, pool: &Pool, judge: &Pool) -> Outcome {
        let answer =
            |pool: &Pool| Ok::<_, proofmill::Error>(pool.run(vec![self.chain.clone()])?.remove(0));
        let (found, expected) = (answer(pool)?, answer(judge)?);
        let bytes = |done: &Done| {
            let values = done.values.iter().map(|v| v.bytes().clone());
            values
                .chain(done.points.iter().map(|p| p.bytes().clone()))
                .collect::<Vec<_>>()
        };
        if bytes(&found) != bytes(&expected) {
            return Err(format!("{}: the answer is not the CPU's", self.name).into());
        }
        let (mut kernel, mut whole) = (Duration::MAX, Duration::MAX);
        for _ in 0..SAMPLES {
            let start = Instant::now();
            let done = answer(pool)?;
            whole = whole.min(start.elapsed());
            kernel = kernel.min(done.report.steps[1].time);
        }
        let [kernel, whole] = [kernel, whole].map(|time| time.as_secs_f64() * 1e3);
        println!(
            "{:<24} {kernel:>10.3} {whole:>10.3} {:>10.3}",
            self.name,
            self.floor * 1e3
        );
        Ok(())
    }
}
