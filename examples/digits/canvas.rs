//! A white sheet of paper: lines, boxes and text with smooth edges, written as PNG.
//!
//! `tiny-skia` fills paths on the CPU; `ttf-parser` turns letters into paths; the letters are Ubuntu Light, which
//! `epaint_default_fonts` carries. So the pictures look the same on every machine, with or without fonts of its own.

use std::io;
use std::path::Path;

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Rect, Stroke, Transform,
};
use ttf_parser::{Face, OutlineBuilder};

/// A colour as 0xRRGGBB.
pub type Rgb = u32;

/// Where a text's given point lies in it.
#[derive(Clone, Copy)]
pub enum Anchor {
    Left,
    Middle,
    Right,
}

/// How heavy the letters are; bold is Light drawn with an outline.
#[derive(Clone, Copy, PartialEq)]
pub enum Weight {
    Regular,
    Bold,
}

/// How a text is set: its size (the height of a line, in pixels), weight, colour and anchor.
#[derive(Clone, Copy)]
pub struct Type {
    pub size: f32,
    pub weight: Weight,
    pub color: Rgb,
    pub anchor: Anchor,
}

/// A picture in the making.
pub struct Canvas {
    pixels: Pixmap,
    face: Face<'static>,
}

impl Canvas {
    /// A blank sheet of `width` × `height` pixels.
    pub fn new(width: u32, height: u32) -> io::Result<Self> {
        let mut pixels = Pixmap::new(width, height)
            .ok_or_else(|| io::Error::other(format!("a picture of {width}x{height} pixels")))?;
        pixels.fill(Color::WHITE);
        let face = Face::parse(epaint_default_fonts::UBUNTU_LIGHT, 0).map_err(io::Error::other)?;
        Ok(Self { pixels, face })
    }

    /// Fills the box whose upper left corner is (`x`, `y`). Boxes on whole pixels have sharp edges.
    pub fn fill_box(&mut self, x: f32, y: f32, width: f32, height: f32, color: Rgb) {
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            self.pixels
                .fill_rect(rect, &paint(color, 1.0), Transform::identity(), None);
        }
    }

    /// Draws a line through the points, `thick` pixels wide; `opacity` 1 hides what is under it.
    pub fn line(&mut self, points: &[(f32, f32)], thick: f32, color: Rgb, opacity: f32) {
        let mut path = PathBuilder::new();
        for (i, &(x, y)) in points.iter().enumerate() {
            if i == 0 {
                path.move_to(x, y)
            } else {
                path.line_to(x, y)
            }
        }
        let stroke = Stroke {
            width: thick,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        if let Some(path) = path.finish() {
            let paint = paint(color, opacity);
            self.pixels
                .stroke_path(&path, &paint, &stroke, Transform::identity(), None);
        }
    }

    /// Fills a disc.
    pub fn disc(&mut self, x: f32, y: f32, radius: f32, color: Rgb) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius) {
            let paint = paint(color, 1.0);
            self.pixels.fill_path(
                &path,
                &paint,
                FillRule::Winding,
                Transform::identity(),
                None,
            );
        }
    }

    /// Writes one line of text; (`x`, `y`) is its anchor on the base line.
    pub fn text(&mut self, x: f32, y: f32, style: Type, text: &str) {
        let scale = style.size / f32::from(self.face.units_per_em());
        let left = match style.anchor {
            Anchor::Left => x,
            Anchor::Middle => x - self.width(style.size, text) / 2.0,
            Anchor::Right => x - self.width(style.size, text),
        };
        let mut pen = Pen {
            path: PathBuilder::new(),
            x: left,
            y,
            scale,
        };
        for letter in text.chars() {
            let glyph = self.face.glyph_index(letter).unwrap_or_default();
            self.face.outline_glyph(glyph, &mut pen);
            pen.x += scale * f32::from(self.face.glyph_hor_advance(glyph).unwrap_or(0));
        }
        let Some(path) = pen.path.finish() else {
            return;
        };
        let paint = paint(style.color, 1.0);
        self.pixels.fill_path(
            &path,
            &paint,
            FillRule::Winding,
            Transform::identity(),
            None,
        );
        // Light is thin on a screen: an outline of a few hundredths of its size makes it regular, twice that bold.
        let width = style.size
            * if style.weight == Weight::Bold {
                0.065
            } else {
                0.018
            };
        let stroke = Stroke {
            width,
            ..Stroke::default()
        };
        self.pixels
            .stroke_path(&path, &paint, &stroke, Transform::identity(), None);
    }

    /// How wide `text` is when `size` pixels high.
    pub fn width(&self, size: f32, text: &str) -> f32 {
        let advance = |letter| {
            let glyph = self.face.glyph_index(letter).unwrap_or_default();
            f32::from(self.face.glyph_hor_advance(glyph).unwrap_or(0))
        };
        text.chars().map(advance).sum::<f32>() * size / f32::from(self.face.units_per_em())
    }

    /// Writes the picture to a file, making its folder first.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, self.pixels.encode_png().map_err(io::Error::other)?)
    }
}

fn paint(color: Rgb, opacity: f32) -> Paint<'static> {
    let [_, r, g, b] = color.to_be_bytes();
    let mut paint = Paint {
        anti_alias: true,
        ..Paint::default()
    };
    paint.set_color_rgba8(r, g, b, (opacity * 255.0).round() as u8);
    paint
}

/// Moves letters from the font's grid (y up) to the sheet (y down).
struct Pen {
    path: PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
