//! E
fn main(){}
