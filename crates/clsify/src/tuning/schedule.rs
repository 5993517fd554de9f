//! The learning rate of each step: up linearly, then down linearly to zero.

/// The schedule of a run, as `get_linear_schedule_with_warmup` of transformers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    /// The learning rate at the end of the warm-up.
    pub(crate) learning_rate: f32,
    pub(crate) warmup_steps: usize,
    pub(crate) n_steps: usize,
}

impl Schedule {
    /// The learning rate of a step, counted from 0. That of the first is 0 if there is a warm-up.
    pub(crate) fn learning_rate_of(&self, step: usize) -> f32 {
        let share = match step < self.warmup_steps {
            true => step as f32 / self.warmup_steps as f32,
            false => {
                let rest = self.n_steps.saturating_sub(step) as f32;
                rest / (self.n_steps - self.warmup_steps).max(1) as f32
            }
        };
        self.learning_rate * share
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    /// Oracle: transformers 5.23, `get_linear_schedule_with_warmup(optimizer, 2, 6)`.
    #[test]
    fn it_rises_and_falls() {
        let schedule = Schedule { learning_rate: 4.0, warmup_steps: 2, n_steps: 6 };
        let rates: Vec<f32> = (0..7).map(|step| schedule.learning_rate_of(step)).collect();
        assert_eq!(rates, [0.0, 2.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
        let without = Schedule { warmup_steps: 0, n_steps: 1, ..schedule };
        assert_eq!(without.learning_rate_of(0), 4.0);
    }
}
