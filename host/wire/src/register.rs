//! The card's address space, in 64-bit words: registers, the input of the next job, the output of the last.
//!
//! A job: write its values to [`INPUT`], [`SHIFT`] and [`JOB`] in one frame, wait until [`STATE`] has it as
//! `done`, read [`OUTPUT`], write its number to [`RELEASE`]. The next job's input may be written as soon as the state
//! has this one as `fed`, while this one is computed and read.

/// [`ID`] of a card that speaks this version of the protocol: "PRFMILL", least significant byte first, and the
/// version above.
pub const MAGIC: u64 = u64::from_le_bytes(*b"PRFMILL\x01");

/// Constant: [`MAGIC`].
pub const ID: u32 = 0;
/// Constant: the first of four words of the [`crate::DesignId`].
pub const DESIGN: u32 = 1;
/// Constant: [`Capabilities`].
pub const CAPABILITIES: u32 = 5;
/// Constant: the clock, in Hz.
pub const CLOCK_HZ: u32 = 6;
/// [`State`].
pub const STATE: u32 = 7;
/// Clocks that the last finished transform took, from its last word in to its first word ready.
pub const JOB_CYCLES: u32 = 8;
/// Clocks since the card was switched on or reset.
pub const UPTIME_CYCLES: u32 = 9;
/// Frames refused since then.
pub const REFUSED: u32 = 10;
/// Registers that can be read, from address 0 on.
pub const READABLE: u32 = 11;

/// To write: the element whose powers scale the values, in data form; one for none. A forward transform's input i is
/// multiplied by its i-th power, an inverse one's output i.
pub const SHIFT: u32 = 16;
/// To write: a [`Job`], which starts it.
pub const JOB: u32 = 17;
/// To write: the number of the job whose output has been read.
pub const RELEASE: u32 = 18;
/// To write: [`RESET_KEY`], which forgets every job and sets all numbers to zero.
pub const RESET: u32 = 19;
/// What is written to [`RESET`].
pub const RESET_KEY: u64 = 0x5245_5345;

/// The first word of the next job's input. 2^max_log_n words, to write.
pub const INPUT: u32 = 1 << 28;
/// The first word of the last job's output. 2^max_log_n words, to read.
pub const OUTPUT: u32 = 2 << 28;
/// The bit where an address's region starts: registers, input, output are regions 0, 1 and 2.
pub const REGION_SHIFT: u32 = 28;

/// What a card can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// Number of the field: its place in the list of `proofmill-field`.
    pub field: u8,
    /// log2 of the smallest transform; where it is [`Capabilities::max_log_n`], the size is fixed.
    pub min_log_n: u8,
    /// log2 of the largest transform.
    pub max_log_n: u8,
    /// log2 of the butterflies that are done in a clock.
    pub log_butterflies: u8,
    /// Jobs that can be on the card at once.
    pub buffers: u8,
    /// Whether it scales by powers of [`SHIFT`].
    pub coset: bool,
    /// Whether it does inverse transforms.
    pub inverse: bool,
    /// Whether input goes in in bit-reversed order rather than natural.
    pub reversed_input: bool,
    /// Whether output comes out in bit-reversed order rather than natural.
    pub reversed_output: bool,
    /// Whether all stages of a transform run at once, so that one takes as many clocks as it has values a lane.
    pub streaming: bool,
}

impl Capabilities {
    /// The register's word.
    pub const fn word(&self) -> u64 {
        let flags = self.coset as u64
            | (self.inverse as u64) << 1
            | (self.reversed_input as u64) << 2
            | (self.reversed_output as u64) << 3
            | (self.streaming as u64) << 4;
        self.field as u64
            | (self.min_log_n as u64) << 8
            | (self.max_log_n as u64) << 16
            | (self.log_butterflies as u64) << 24
            | (self.buffers as u64) << 32
            | flags << 40
    }

    /// What a register's word says; `None` if no card of this version says so.
    pub fn from_word(word: u64) -> Option<Self> {
        let [
            field,
            min_log_n,
            max_log_n,
            log_butterflies,
            buffers,
            flags,
            ..,
        ] = word.to_le_bytes();
        let flag = |bit: u32| flags >> bit & 1 != 0;
        let found = Capabilities {
            field,
            min_log_n,
            max_log_n,
            log_butterflies,
            buffers,
            coset: flag(0),
            inverse: flag(1),
            reversed_input: flag(2),
            reversed_output: flag(3),
            streaming: flag(4),
        };
        let sizes = 1 <= min_log_n && min_log_n <= max_log_n && u32::from(max_log_n) < REGION_SHIFT;
        let sensible = sizes && log_butterflies <= 16 && buffers > 0;
        (sensible && found.word() == word).then_some(found)
    }
}

/// What is written to [`JOB`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Job {
    /// One more than the last job's, after 2^16 − 1 comes 0. A job of the last one's number is that one again, and
    /// is not started twice.
    pub number: u16,
    /// log2 of the number of values.
    pub log_n: u8,
    /// Whether the transform is inverse.
    pub inverse: bool,
}

impl Job {
    /// The register's word.
    pub const fn word(&self) -> u64 {
        self.number as u64 | (self.log_n as u64) << 16 | (self.inverse as u64) << 24
    }

    /// The job of a word; `None` if there is none.
    pub fn from_word(word: u64) -> Option<Self> {
        let [low, high, log_n, inverse, ..] = word.to_le_bytes();
        let number = u16::from_le_bytes([low, high]);
        let job = Job {
            number,
            log_n,
            inverse: inverse == 1,
        };
        (job.word() == word).then_some(job)
    }
}

/// How far the jobs are, by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct State {
    /// The last job that was accepted.
    pub accepted: u16,
    /// The last job whose input may be overwritten.
    pub fed: u16,
    /// The last job whose output is ready, or was.
    pub done: u16,
    /// The core reported a fault or did not answer in time; only [`RESET`] helps.
    pub fault: bool,
}

impl State {
    /// The register's word.
    pub const fn word(&self) -> u64 {
        self.accepted as u64
            | (self.fed as u64) << 16
            | (self.done as u64) << 32
            | (self.fault as u64) << 48
    }

    /// The state of a word.
    pub fn from_word(word: u64) -> Self {
        State {
            accepted: word as u16,
            fed: (word >> 16) as u16,
            done: (word >> 32) as u16,
            fault: word >> 48 & 1 != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: Capabilities = Capabilities {
        field: 4,
        min_log_n: 1,
        max_log_n: 12,
        log_butterflies: 0,
        buffers: 2,
        coset: true,
        inverse: true,
        reversed_input: false,
        reversed_output: true,
        streaming: false,
    };

    #[test]
    fn words_and_back() {
        assert_eq!(Capabilities::from_word(CARD.word()), Some(CARD));
        for bit in 0..64 {
            if let Some(other) = Capabilities::from_word(CARD.word() ^ 1 << bit) {
                assert_ne!(other, CARD);
            }
        }
        let job = Job {
            number: 0xfffe,
            log_n: 12,
            inverse: true,
        };
        assert_eq!(Job::from_word(job.word()), Some(job));
        assert_eq!(Job::from_word(job.word() | 1 << 25), None);
        let state = State {
            accepted: 0x8001,
            fed: 0x8000,
            done: 0x7fff,
            fault: true,
        };
        assert_eq!(State::from_word(state.word()), state);
    }

    #[test]
    fn cards_that_cannot_be_are_refused() {
        let refused = |change: fn(&mut Capabilities)| {
            let mut card = CARD;
            change(&mut card);
            assert_eq!(Capabilities::from_word(card.word()), None, "{card:?}");
        };
        refused(|c| c.min_log_n = 0);
        refused(|c| c.min_log_n = 13);
        refused(|c| c.max_log_n = 28);
        refused(|c| c.buffers = 0);
        refused(|c| c.log_butterflies = 17);
        assert_eq!(Capabilities::from_word(CARD.word() | 1 << 45), None);
        assert_eq!(Capabilities::from_word(CARD.word() | 1 << 63), None);
    }
}
