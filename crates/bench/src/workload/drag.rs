//! A window that somebody drags about.

use anyhow::Result;
use x11rb::COPY_DEPTH_FROM_PARENT;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConfigureWindowAux, ConnectionExt as _, CreateWindowAux, WindowClass,
};

use super::Ticks;
use super::canvas::Canvas;
use super::picture;

const WIDTH: u16 = 600;
const HEIGHT: u16 = 400;

/// Both windows are painted by the X server from pixmaps, as a compositor would.
pub(super) fn run(canvas: &Canvas, mut ticks: Ticks) -> Result<()> {
    let (width, height) = (usize::from(canvas.width), usize::from(canvas.height));
    let page = picture::page(width, height, 0, 0x0022_2222, 0x00F4_F4F0);
    let page = canvas.pixmap(&page, canvas.width, canvas.height)?;
    let background = ChangeWindowAttributesAux::new().background_pixmap(page);
    canvas.connection.change_window_attributes(canvas.window, &background)?;
    canvas.connection.clear_area(false, canvas.window, 0, 0, 0, 0)?;

    let page = picture::page(WIDTH.into(), HEIGHT.into(), 500, 0x00E8_E8E8, 0x0030_2018);
    let page = canvas.pixmap(&page, WIDTH, HEIGHT)?;
    let dragged = canvas.connection.generate_id()?;
    canvas.connection.create_window(
        COPY_DEPTH_FROM_PARENT,
        dragged,
        canvas.window,
        100,
        100,
        WIDTH,
        HEIGHT,
        0,
        WindowClass::INPUT_OUTPUT,
        0,
        &CreateWindowAux::new().background_pixmap(page),
    )?;
    canvas.connection.map_window(dragged)?;
    canvas.stamp()?;
    canvas.announce()?;

    let mut angle = 0.0_f32;
    loop {
        ticks.wait();
        angle += 0.045;
        // An eight over the whole display, below the timestamp.
        let across = f32::from(canvas.width - WIDTH) / 2.0;
        let down = f32::from(canvas.height - HEIGHT - 40) / 2.0;
        let x = across + across * angle.sin();
        let y = 40.0 + down + down * (2.0 * angle).sin();
        let place = ConfigureWindowAux::new().x(x as i32).y(y as i32);
        canvas.connection.configure_window(dragged, &place)?;
        canvas.stamp()?;
    }
}
