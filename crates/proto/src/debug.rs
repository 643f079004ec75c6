//! Debug output of messages that carry secrets.

use std::fmt;

use crate::v2::{ViewerHello, Welcome};

impl fmt::Debug for ViewerHello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewerHello")
            .field("token", &"…")
            .field("capabilities", &self.capabilities)
            .finish()
    }
}

impl fmt::Debug for Welcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Welcome")
            .field("version", &self.version)
            .field("server_software", &self.server_software)
            .field("resume_token", &"…")
            .field("seat", &self.seat)
            .finish_non_exhaustive()
    }
}
