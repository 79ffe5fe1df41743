//! A simulated card behind a pseudo-terminal, as a board is behind a serial port.

use super::Simulation;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

/// Clocks between two looks at the host's end.
const CLOCKS: u64 = 512;

/// A pseudo-terminal: the card's end, the host's end, and the path under which hosts open theirs.
struct Terminal {
    card: OwnedFd,
    /// Kept open, so that hosts may come and go.
    _host: OwnedFd,
    path: String,
}

impl Terminal {
    fn open() -> io::Result<Terminal> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let card = openpt(flags)?;
        grantpt(&card)?;
        unlockpt(&card)?;
        let host = ioctl_tiocgptpeer(&card, flags)?;
        let mut raw = tcgetattr(&host)?;
        raw.make_raw();
        tcsetattr(&host, OptionalActions::Now, &raw)?;
        let path = ptsname(&card, Vec::new())?;
        let path = path.to_string_lossy().into_owned();
        Ok(Terminal {
            card,
            _host: host,
            path,
        })
    }

    /// Takes what the host has sent; waits for it if `wait`.
    fn receive(&self, wait: bool, to: &mut VecDeque<u8>) -> io::Result<()> {
        let mut events = [PollFd::new(&self.card, PollFlags::IN)];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        match poll(&mut events, if wait { None } else { Some(&now) }) {
            Ok(0) | Err(Errno::INTR) => return Ok(()),
            other => other?,
        };
        let mut bytes = [0; 4096];
        let len = rustix::io::read(&self.card, &mut bytes)?;
        to.extend(&bytes[..len]);
        Ok(())
    }

    /// Sends everything; waits for the host to read where the terminal is full.
    fn send(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match rustix::io::write(&self.card, bytes) {
                Err(Errno::INTR) => {}
                len => bytes = &bytes[len?..],
            }
        }
        Ok(())
    }
}

/// A job that is done.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Its number.
    pub job: u16,
    /// Clocks that its transform took.
    pub cycles: u64,
    /// Clocks that were simulated in a second since the last report, transfers too.
    pub clocks_per_second: f64,
}

/// Puts a card behind a new pseudo-terminal, tells its path, and answers until the process ends. `watch` sees each job
/// that is done. While nothing goes on, no clock goes by.
pub fn serve(
    mut card: Simulation,
    tell: impl FnOnce(&str) -> io::Result<()>,
    watch: impl Fn(Report),
) -> io::Result<()> {
    let terminal = Terminal::open()?;
    tell(&terminal.path)?;
    let (mut input, mut output, mut seen) = (VecDeque::new(), Vec::new(), 0);
    let (mut clocks, mut time) = (0, Duration::ZERO);
    loop {
        if input.is_empty() {
            terminal.receive(!card.is_active(), &mut input)?;
        }
        let start = Instant::now();
        card.run(&mut input, &mut output, CLOCKS);
        time += start.elapsed();
        terminal.send(&output)?;
        output.clear();
        let (job, cycles) = card.last_job();
        if job != seen && job != 0 {
            let clocks_per_second = (card.clocks() - clocks) as f64 / time.as_secs_f64();
            watch(Report {
                job,
                cycles,
                clocks_per_second,
            });
            (clocks, time) = (card.clocks(), Duration::ZERO);
        }
        seen = job;
    }
}
