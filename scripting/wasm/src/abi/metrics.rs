//! Metrics: counters, gauges and histograms that guests define, one of each name for the whole process.

use std::sync::Arc;

use portero_api::{Metric, MetricKind};
use wasmtime::Linker;

use super::{Answer, Status, answer, host};
use crate::guest::Guest;
use crate::memory::{self, Calling, read};

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host!(linker, "proxy_define_metric", |caller, kind, name, len, at| {
        let number = define(&mut caller, kind, (name, len))?;
        memory::write_u32(&mut caller, at, number)
    });
    host!(linker, "proxy_get_metric", |caller, number, at| {
        let value = metric(&caller, number)?.value().ok_or(Status::BadArgument)?;
        memory::write(&mut caller, at, &value.to_le_bytes())
    });
    linker.func_wrap(super::ENV, "proxy_increment_metric", |caller: Calling<'_>, number: u32, by: i64| {
        answer(add(&caller, number, by))
    })?;
    linker.func_wrap(super::ENV, "proxy_record_metric", |caller: Calling<'_>, number: u32, value: u64| {
        answer(metric(&caller, number).map(|metric| metric.record(value)))
    })?;
    Ok(())
}

/// The number of a metric in this instance.
fn define(caller: &mut Calling<'_>, kind: u32, (name, len): (u32, u32)) -> Result<u32, Status> {
    let kind = match kind {
        0 => MetricKind::Counter,
        1 => MetricKind::Gauge,
        2 => MetricKind::Histogram,
        _ => return Err(Status::BadArgument),
    };
    let name = std::str::from_utf8(read(caller, name, len)?).map_err(|_| Status::BadArgument)?;
    let metric = caller.data().plan.common.metrics.of(name, kind).ok_or(Status::InternalFailure)?;
    let metrics = &mut caller.data_mut().metrics;
    let known = metrics.iter().position(|other| Arc::ptr_eq(other, &metric));
    let place = known.unwrap_or_else(|| {
        metrics.push(metric);
        metrics.len() - 1
    });
    Ok(place as u32 + 1)
}

fn add(caller: &Calling<'_>, number: u32, by: i64) -> Answer {
    metric(caller, number)?.add(by).then_some(()).ok_or(Status::BadArgument)
}

fn metric<'a>(caller: &'a Calling<'_>, number: u32) -> Result<&'a Metric, Status> {
    let place = (number as usize).checked_sub(1).ok_or(Status::NotFound)?;
    caller.data().metrics.get(place).map(|metric| &**metric).ok_or(Status::NotFound)
}
