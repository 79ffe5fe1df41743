//! The present stage, on a terminal only.

use indicatif::ProgressBar;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

/// A line on stderr with the name of the stage; nothing where stderr is no terminal. Gone when dropped.
pub(crate) struct Stages(Option<ProgressBar>);

impl Stages {
    pub(crate) fn new() -> Self {
        Self(stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner(); // draws on stderr
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        }))
    }

    /// Prints without the line in between.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        match &self.0 {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    pub(crate) fn start(&self, stage: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(stage.to_string());
        }
    }
}

impl Drop for Stages {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
