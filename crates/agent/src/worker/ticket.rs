//! The secret that a worker and its service show each other once. The first half is
//! the worker's to show, the second the service's: neither learns from the other what
//! it has to say itself.

use gc_types::{Entropy, Secret};

/// Bytes of each half.
const HALF: usize = 16;

/// Both halves.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    worker: Secret,
    service: Secret,
}

impl Ticket {
    /// A new one.
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let half = || {
            let mut bytes = [0; HALF];
            entropy.fill(&mut bytes);
            let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
            let hex: String =
                bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect();
            Secret::new(hex)
        };
        Self { worker: half(), service: half() }
    }

    /// From what the worker was started with; `None`: that is none.
    pub(crate) fn parse(text: &Secret) -> Option<Self> {
        let (worker, service) = text.expose().split_at_checked(2 * HALF)?;
        let whole = service.len() == 2 * HALF;
        whole.then(|| Self { worker: Secret::new(worker), service: Secret::new(service) })
    }

    /// What the worker is started with.
    pub(crate) fn text(&self) -> Secret {
        Secret::new(format!("{}{}", self.worker.expose(), self.service.expose()))
    }

    /// The half that the worker shows.
    pub(crate) const fn of_worker(&self) -> &Secret {
        &self.worker
    }

    /// The half that the service shows.
    pub(crate) const fn of_service(&self) -> &Secret {
        &self.service
    }
}

#[cfg(test)]
mod tests {
    use gc_types::SeededEntropy;

    use super::*;

    #[test]
    fn a_ticket_survives_its_text_and_has_two_different_halves() {
        let ticket = Ticket::new(&SeededEntropy::new(7));
        let again = Ticket::parse(&ticket.text()).unwrap();
        assert_eq!(again.of_worker(), ticket.of_worker());
        assert_eq!(again.of_service(), ticket.of_service());
        assert_ne!(ticket.of_worker(), ticket.of_service());
    }

    #[test]
    fn what_is_no_ticket_is_refused() {
        let inside = format!("{0}ä{0}", "a".repeat(31));
        for text in ["", "short", &"a".repeat(63), &"a".repeat(65), &inside] {
            assert!(Ticket::parse(&Secret::new(text)).is_none(), "{text}");
        }
    }
}
