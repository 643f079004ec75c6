//! What keys write by the layout of this computer.

use windows::Win32::UI::Input::KeyboardAndMouse::{
    GetKeyState, GetKeyboardLayout, MAPVK_VSC_TO_VK_EX, MapVirtualKeyW, ToUnicodeEx, VIRTUAL_KEY,
    VK_CAPITAL, VK_CONTROL, VK_LCONTROL, VK_LMENU, VK_LSHIFT, VK_MENU, VK_NUMLOCK, VK_RCONTROL,
    VK_RMENU, VK_RSHIFT, VK_SCROLL, VK_SHIFT, VK_SPACE,
};

const DOWN: u8 = 0x80;
const ON: u8 = 1;
/// Scan code of the space bar.
const SPACE: u32 = 0x39;

/// The keys that are down, as the layout wants to be told. The system's own state lacks
/// those that a hook took.
pub(super) struct Typist {
    keys: [u8; 256],
    /// The system keeps a dead key for the next letter.
    dead: bool,
}

impl Default for Typist {
    fn default() -> Self {
        Self { keys: [0; 256], dead: false }
    }
}

impl Typist {
    /// Everything is up.
    pub(super) fn forget(&mut self) {
        self.keys = [0; 256];
        if self.dead {
            // With a space it is written alone, and so it is gone.
            self.write(u32::from(VK_SPACE.0), SPACE);
        }
    }

    /// A key goes down or up: what it writes when it goes down and text is `wanted`;
    /// nothing at all for a dead key, which waits for the next.
    pub(super) fn key(
        &mut self,
        virtual_key: u32,
        scan: u32,
        extended: bool,
        down: bool,
        wanted: bool,
    ) -> Option<String> {
        let prefixed = scan & 0xFF | if extended { 0xE000 } else { 0 };
        // SAFETY: numbers only.
        let exact = unsafe { MapVirtualKeyW(prefixed, MAPVK_VSC_TO_VK_EX) };
        // Hooks and messages name the modifiers of both sides alike, or not at all.
        let key = if virtual_key == 0 || modifier(exact) { exact } else { virtual_key };
        let state = if down { DOWN } else { 0 };
        if let Some(slot) = self.keys.get_mut(key as usize) {
            *slot = state;
        }
        self.join();
        if !down || !wanted || modifier(key) {
            return None;
        }
        for lock in [VK_CAPITAL, VK_NUMLOCK, VK_SCROLL] {
            // SAFETY: takes a number.
            let on = unsafe { GetKeyState(i32::from(lock.0)) } & 1 != 0;
            self.keys[usize::from(lock.0)] = if on { ON } else { 0 };
        }
        self.write(key, scan & 0xFF)
    }

    fn write(&mut self, key: u32, scan: u32) -> Option<String> {
        let mut units = [0_u16; 16];
        // SAFETY: writes at most as many units as there is room for; the state has the
        // 256 bytes that are read. Dead keys are kept by the system until the next call,
        // and nobody else translates this thread's keys.
        let count = unsafe {
            let layout = GetKeyboardLayout(0);
            ToUnicodeEx(key, scan, &self.keys, &mut units, 0, Some(layout))
        };
        self.dead = count < 0;
        if self.dead {
            return Some(String::new());
        }
        let units = units.get(..usize::try_from(count).ok()?)?;
        let text = String::from_utf16(units).ok()?;
        (!text.is_empty() && !text.chars().any(char::is_control)).then_some(text)
    }

    /// The names that stand for either side.
    fn join(&mut self) {
        let of = |state: &[u8; 256], key: VIRTUAL_KEY| state[usize::from(key.0)];
        for (both, left, right) in [
            (VK_SHIFT, VK_LSHIFT, VK_RSHIFT),
            (VK_CONTROL, VK_LCONTROL, VK_RCONTROL),
            (VK_MENU, VK_LMENU, VK_RMENU),
        ] {
            self.keys[usize::from(both.0)] = of(&self.keys, left) | of(&self.keys, right);
        }
        // AltGr is the right Alt with a Ctrl that nobody pressed.
        let alt_gr = of(&self.keys, VK_RMENU);
        self.keys[usize::from(VK_CONTROL.0)] |= alt_gr;
    }
}

fn modifier(key: u32) -> bool {
    let either = [VK_SHIFT, VK_CONTROL, VK_MENU];
    let sides = [VK_LSHIFT, VK_RSHIFT, VK_LCONTROL, VK_RCONTROL, VK_LMENU, VK_RMENU];
    either.iter().chain(&sides).any(|one| u32::from(one.0) == key)
}
