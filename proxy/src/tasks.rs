//! Tasks of plugins: begun when a configuration is used, dropped when the next one takes its place.

use std::cell::Cell;

use portero_api::Task;
use tokio::task::{AbortHandle, spawn_local};

/// The tasks of a configuration on a worker.
#[derive(Default)]
pub struct Tasks {
    ready: Cell<Vec<Box<dyn Task>>>,
    running: Cell<Vec<AbortHandle>>,
}

impl Tasks {
    /// Those that this worker is to run.
    pub fn new(all: Vec<Box<dyn Task>>, is_first_worker: bool) -> Tasks {
        let mine = all.into_iter().filter(|task| is_first_worker || !task.is_single());
        Tasks { ready: Cell::new(mine.collect()), running: Cell::default() }
    }

    /// Begins all that are not begun yet.
    pub fn begin(&self) {
        let begin = |task: Box<dyn Task>| spawn_local(async move { task.run().await }).abort_handle();
        let mut running = self.running.take();
        running.extend(self.ready.take().into_iter().map(begin));
        self.running.set(running);
    }

    /// Ends all.
    pub fn end(&self) {
        self.ready.take();
        self.running.take().iter().for_each(AbortHandle::abort);
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;
    use tokio::task::{LocalSet, yield_now};

    /// Counts up each time it is polled; its value is shared.
    struct Counting(Rc<Cell<u32>>, bool);

    impl Task for Counting {
        fn run(&self) -> portero_api::LocalFuture<'static, ()> {
            let count = self.0.clone();
            Box::pin(async move {
                loop {
                    count.set(count.get() + 1);
                    yield_now().await;
                }
            })
        }

        fn is_single(&self) -> bool {
            self.1
        }
    }

    #[tokio::test]
    async fn a_task_runs_until_its_configuration_is_replaced() {
        let test = async {
            let counts: [Rc<Cell<u32>>; 2] = Default::default();
            let task = |i: usize, single| Box::new(Counting(counts[i].clone(), single)) as Box<dyn Task>;
            let tasks = Tasks::new(vec![task(0, true), task(1, false)], false);
            yield_now().await;
            assert_eq!(counts[1].get(), 0, "it is not begun with the snapshot");
            tasks.begin();
            yield_now().await;
            assert!(counts[1].get() > 0);
            assert_eq!(counts[0].get(), 0, "another worker runs it");
            tasks.end();
            yield_now().await;
            let last = counts[1].get();
            yield_now().await;
            assert_eq!((counts[1].get(), Rc::strong_count(&counts[1])), (last, 1));
        };
        LocalSet::new().run_until(test).await;
    }
}
