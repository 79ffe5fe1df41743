//! What a card says of a request.

/// The answer's status byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// The CRC does not fit: the frame's other fields, the tag too, are not to be relied on.
    BadCrc = 1,
    /// No such operation.
    BadOpcode = 2,
    /// No words, or more than a frame may carry.
    BadLength = 3,
    /// Words outside of the card's memory, or registers that are not to be written.
    BadAddress = 4,
    /// A value that the register does not take.
    BadValue = 5,
    /// Not now: the input is being read by the core, or there is no output yet.
    Busy = 6,
    /// The rest of the frame did not come in time.
    Cut = 7,
}

impl Status {
    /// Every status, in the order of the codes.
    pub const ALL: [Status; 8] = [
        Status::Ok,
        Status::BadCrc,
        Status::BadOpcode,
        Status::BadLength,
        Status::BadAddress,
        Status::BadValue,
        Status::Busy,
        Status::Cut,
    ];

    /// The status of a code; `None` for codes of later versions.
    pub fn from_code(code: u8) -> Option<Status> {
        Status::ALL.get(usize::from(code)).copied()
    }

    /// Its code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// It in words.
    pub const fn words(self) -> &'static str {
        match self {
            Status::Ok => "done",
            Status::BadCrc => "the frame came corrupted",
            Status::BadOpcode => "no such operation",
            Status::BadLength => "no words, or too many for a frame",
            Status::BadAddress => "no such address, or not to be written",
            Status::BadValue => "a value that the register does not take",
            Status::Busy => "not now",
            Status::Cut => "the frame was cut short",
        }
    }
}

impl core::fmt::Display for Status {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_places_in_the_list() {
        for (code, status) in (0..).zip(Status::ALL) {
            assert_eq!(
                (status.code(), Status::from_code(code)),
                (code, Some(status))
            );
        }
        assert_eq!(Status::from_code(8), None);
    }
}
