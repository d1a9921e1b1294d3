//! The health of a server as a number, and how results of checks move it (HAProxy manual, `rise` and `fall`).

/// A number from 0 to `rise + fall - 1`; the server is up from `rise` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vitals {
    rise: u32,
    fall: u32,
    value: u32,
}

/// What a result did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing: it is as good or as bad as it can be.
    None,
    /// It counted, but not enough to change the state.
    Counted,
    /// The server is up now.
    Up,
    /// The server is down now.
    Down,
}

impl Vitals {
    /// A server that is thought to be up, but that the first failure takes down.
    pub(super) fn new(rise: u32, fall: u32) -> Vitals {
        let (rise, fall) = (rise.max(1), fall.max(1));
        Vitals { rise, fall, value: rise }
    }

    /// `rise`
    pub(super) fn rise(&self) -> u32 {
        self.rise
    }

    /// `fall`
    pub(super) fn fall(&self) -> u32 {
        self.fall
    }

    /// The number itself.
    pub(super) fn value(&self) -> u32 {
        self.value
    }

    /// True from `rise` on.
    pub(super) fn is_up(&self) -> bool {
        self.value >= self.rise
    }

    /// True when no success can better it.
    pub(super) fn is_best(&self) -> bool {
        self.value == self.best()
    }

    /// True when no failure can worsen it.
    pub(super) fn is_worst(&self) -> bool {
        self.value == 0
    }

    /// Takes a success in. A server that is up is at its best at once: failures only count in a row.
    pub(super) fn succeed(&mut self) -> Step {
        if self.is_best() {
            return Step::None;
        }
        let was_up = self.is_up();
        self.value += 1;
        if self.is_up() {
            self.value = self.best();
        }
        if self.is_up() && !was_up { Step::Up } else { Step::Counted }
    }

    /// Takes a failure in. A server that is down is at its worst at once: successes only count in a row.
    pub(super) fn fail(&mut self) -> Step {
        if self.is_worst() {
            return Step::None;
        }
        if self.value > self.rise {
            self.value -= 1;
            return Step::Counted;
        }
        let was_up = self.is_up();
        self.value = 0;
        if was_up { Step::Down } else { Step::Counted }
    }

    /// One more failure takes the server down (`on-error sudden-death`).
    pub(super) fn weaken(&mut self) {
        self.value = self.value.min(self.rise);
    }

    /// Thought to be up again, as at the start.
    pub(super) fn restart(&mut self) {
        self.value = self.rise;
    }

    /// Down, whatever it was (`set server ... health down`).
    pub(super) fn kill(&mut self) {
        self.value = 0;
    }

    /// `2/3 UP` or `1/2 DOWN`: failures left, or successes so far.
    pub(super) fn progress(&self) -> String {
        match self.is_up() {
            true => format!("{}/{} UP", self.value - self.rise + 1, self.fall),
            false => format!("{}/{} DOWN", self.value, self.rise),
        }
    }

    fn best(&self) -> u32 {
        self.rise + self.fall - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_takes_a_new_server_down() {
        let mut vitals = Vitals::new(2, 3);
        assert_eq!(vitals.fail(), Step::Down);
        assert_eq!(vitals.progress(), "0/2 DOWN");
    }

    #[test]
    fn a_server_falls_after_fall_failures_in_a_row() {
        let mut vitals = Vitals::new(2, 3);
        assert_eq!(vitals.succeed(), Step::Counted);
        assert_eq!(vitals.progress(), "3/3 UP");
        assert_eq!((vitals.fail(), vitals.progress().as_str()), (Step::Counted, "2/3 UP"));
        assert_eq!((vitals.fail(), vitals.progress().as_str()), (Step::Counted, "1/3 UP"));
        assert_eq!(vitals.succeed(), Step::Counted);
        assert_eq!(vitals.progress(), "3/3 UP");
        assert_eq!([vitals.fail(), vitals.fail(), vitals.fail()], [Step::Counted, Step::Counted, Step::Down]);
        assert_eq!(vitals.fail(), Step::None);
    }

    #[test]
    fn a_server_rises_after_rise_successes_in_a_row() {
        let mut vitals = Vitals::new(2, 3);
        vitals.kill();
        assert_eq!((vitals.succeed(), vitals.progress().as_str()), (Step::Counted, "1/2 DOWN"));
        assert_eq!((vitals.fail(), vitals.progress().as_str()), (Step::Counted, "0/2 DOWN"));
        vitals.succeed();
        assert_eq!((vitals.succeed(), vitals.progress().as_str()), (Step::Up, "3/3 UP"));
        assert_eq!(vitals.succeed(), Step::None);
    }

    #[test]
    fn with_counts_of_one_each_result_decides() {
        let mut vitals = Vitals::new(1, 1);
        assert_eq!(vitals.succeed(), Step::None);
        assert_eq!(vitals.progress(), "1/1 UP");
        assert_eq!((vitals.fail(), vitals.succeed()), (Step::Down, Step::Up));
    }

    #[test]
    fn a_weakened_server_has_one_failure_left() {
        let mut vitals = Vitals::new(2, 3);
        vitals.succeed();
        vitals.weaken();
        assert_eq!(vitals.fail(), Step::Down);
    }
}
