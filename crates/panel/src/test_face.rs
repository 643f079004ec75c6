//! A face for tests: every character is a box.

use crate::{Typeface, Weight};

pub(crate) struct Boxes;

impl Typeface for Boxes {
    fn measure(&mut self, text: &str, px: f32, weight: Weight) -> f32 {
        let one = if weight == Weight::Bold { 0.6 } else { 0.5 };
        text.chars().count() as f32 * px * one
    }

    fn draw(
        &mut self,
        text: &str,
        x: f32,
        baseline: f32,
        px: f32,
        weight: Weight,
        pixel: &mut dyn FnMut(i32, i32, f32),
    ) {
        for (index, character) in text.chars().enumerate() {
            if character == ' ' {
                continue;
            }
            let left = x + self.measure(&"x".repeat(index), px, weight);
            for down in 0..(px * 0.7) as i32 {
                for right in 0..(px * 0.4) as i32 {
                    pixel(left as i32 + right, baseline as i32 - down, 1.0);
                }
            }
        }
    }
}
