//! The agent whose desktop is in workers: they crash, hang, lie and change places, and
//! the viewer stays.

mod faults;
mod people;
mod sessions;
mod world;
