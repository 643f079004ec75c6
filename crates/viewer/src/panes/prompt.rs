//! A line of text that is typed: a new name, or that of a new folder.

use gc_platform::{StorePath, WindowKey};

use crate::files::Side;

/// Characters; longer names exist nowhere.
const LONGEST: usize = 255;

/// What the text is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Rename(StorePath),
    /// In this folder.
    Make(StorePath),
}

/// What a key did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Nothing,
    Done,
    Left,
}

#[derive(Debug)]
pub(crate) struct Prompt {
    pub(crate) side: Side,
    pub(crate) wanted: Wanted,
    pub(crate) text: String,
    /// Characters before it.
    pub(crate) caret: usize,
}

impl Prompt {
    pub(crate) fn new(side: Side, wanted: Wanted) -> Self {
        let text = match &wanted {
            Wanted::Rename(path) => path.name().unwrap_or_default().to_owned(),
            Wanted::Make(_) => String::new(),
        };
        // Before the extension, which most names keep.
        let end = text.rfind('.').filter(|at| *at > 0).unwrap_or(text.len());
        let caret = text.get(..end).map_or(0, |before| before.chars().count());
        Self { side, wanted, text, caret }
    }

    pub(crate) const fn title(&self) -> &'static str {
        match (&self.wanted, self.side) {
            (Wanted::Rename(_), Side::Here) => "Rename on this computer",
            (Wanted::Rename(_), Side::There) => "Rename on the machine",
            (Wanted::Make(_), Side::Here) => "New folder on this computer",
            (Wanted::Make(_), Side::There) => "New folder on the machine",
        }
    }

    fn at(&self, caret: usize) -> usize {
        self.text.char_indices().nth(caret).map_or(self.text.len(), |(at, _)| at)
    }

    /// A key went down.
    pub(crate) fn key(&mut self, key: &WindowKey) -> Typed {
        let length = self.text.chars().count();
        match (key.scan_code, key.extended) {
            (0x01, false) => return Typed::Left,
            (0x1C, _) => return if self.text.is_empty() { Typed::Left } else { Typed::Done },
            (0x4B, true) => self.caret = self.caret.saturating_sub(1),
            (0x4D, true) => self.caret = (self.caret + 1).min(length),
            (0x47, true) => self.caret = 0,
            (0x4F, true) => self.caret = length,
            (0x0E, false) if self.caret > 0 => {
                self.caret -= 1;
                let at = self.at(self.caret);
                self.text.remove(at);
            }
            (0x53, true) if self.caret < length => {
                let at = self.at(self.caret);
                self.text.remove(at);
            }
            _ => {
                let typed = key.text.as_deref().unwrap_or_default();
                let room = LONGEST.saturating_sub(length);
                let typed: String =
                    typed.chars().filter(|it| !it.is_control()).take(room).collect();
                let at = self.at(self.caret);
                self.text.insert_str(at, &typed);
                self.caret += typed.chars().count();
            }
        }
        Typed::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strike(prompt: &mut Prompt, scan_code: u8, extended: bool, text: &str) -> Typed {
        let text = Some(text.to_owned()).filter(|text| !text.is_empty());
        prompt.key(&WindowKey { scan_code, extended, down: true, repeat: false, text })
    }

    #[test]
    fn a_name_is_changed_where_the_caret_is() {
        let path = StorePath::new("home", "grüße.txt");
        let mut prompt = Prompt::new(Side::Here, Wanted::Rename(path));
        assert_eq!(prompt.caret, 5);
        strike(&mut prompt, 0x0E, false, "");
        strike(&mut prompt, 0x1E, false, "ä");
        strike(&mut prompt, 0x4F, true, "");
        strike(&mut prompt, 0x0E, false, "");
        strike(&mut prompt, 0x47, true, "");
        strike(&mut prompt, 0x53, true, "");
        strike(&mut prompt, 0x53, true, "");
        strike(&mut prompt, 0x4D, true, "");
        strike(&mut prompt, 0x4B, true, "");
        assert_eq!(prompt.text, "üßä.tx");
        assert_eq!(strike(&mut prompt, 0x1C, false, ""), Typed::Done);
        assert_eq!(strike(&mut prompt, 0x01, false, ""), Typed::Left);
        let mut prompt = Prompt::new(Side::There, Wanted::Make(StorePath::default()));
        assert_eq!(strike(&mut prompt, 0x1C, false, ""), Typed::Left, "no name, no folder");
        for _ in 0..300 {
            strike(&mut prompt, 0x1E, false, "a");
        }
        assert_eq!(prompt.text.len(), 255);
    }
}
