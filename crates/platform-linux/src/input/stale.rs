//! Keys that nobody will let go of: left down by a process that was killed, since to
//! the server the XTest devices are always there; or down on a keyboard that is taken
//! away from the desktop.

use x11rb::connection::RequestConnection;
use x11rb::protocol::xinput::{self, ConnectionExt as _, InputStateData};
use x11rb::protocol::xproto::{BUTTON_RELEASE_EVENT, KEY_RELEASE_EVENT};
use x11rb::protocol::xtest::ConnectionExt as _;

use crate::DisplayError;
use crate::display::Link;

/// Releases every key and button of the XTest devices. Those of real devices are
/// the user's own.
pub(super) fn release(link: &Link) -> Result<(), DisplayError> {
    release_of(link, |name| name.contains("XTEST"))
}

/// Releases on the desktop what is down on devices with such a name.
pub(crate) fn release_of(link: &Link, named: fn(&str) -> bool) -> Result<(), DisplayError> {
    let conn = &link.conn;
    if conn.extension_information(xinput::X11_EXTENSION_NAME)?.is_none() {
        return Ok(());
    }
    conn.xinput_xi_query_version(2, 2)?.reply()?;
    let devices = conn.xinput_xi_query_device(xinput::Device::ALL)?.reply()?.infos;
    for device in devices {
        let Ok(id) = u8::try_from(device.deviceid) else { continue };
        let master = matches!(
            device.type_,
            xinput::DeviceType::MASTER_POINTER | xinput::DeviceType::MASTER_KEYBOARD
        );
        if master || !named(&String::from_utf8_lossy(&device.name)) {
            continue;
        }
        conn.xinput_open_device(id)?.reply()?;
        let state = conn.xinput_query_device_state(id)?.reply()?;
        for class in state.classes {
            let (kind, bits) = match class.data {
                InputStateData::Key(keys) => (KEY_RELEASE_EVENT, keys.keys),
                InputStateData::Button(buttons) => (BUTTON_RELEASE_EVENT, buttons.buttons),
                _ => continue,
            };
            for code in 1..=u8::MAX {
                if bits[usize::from(code / 8)] & 1 << (code % 8) != 0 {
                    tracing::info!(code, "Releasing what nobody will let go of");
                    conn.xtest_fake_input(kind, code, 0, x11rb::NONE, 0, 0, 0)?;
                }
            }
        }
        conn.xinput_close_device(id)?;
    }
    Ok(())
}
