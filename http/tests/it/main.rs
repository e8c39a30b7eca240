//! Black-box tests: the real binary on a free port, a scripted model server on loopback.

mod support;

mod admin;
mod contract;
mod crash;
mod overload;
mod retries;
mod shutdown;
mod start;
mod storage;
mod streaming;
mod upstream_faults;
