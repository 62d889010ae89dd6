// Color arithmetic of WCAG 2.2: the same rules as schema/contrast.py. Pure; draws nothing.
const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

export const parse = (text) => {
  const short = /^#?([0-9a-f]{3})$/i.exec(text.trim());
  const long = /^#?([0-9a-f]{6})$/i.exec(text.trim());
  if (short) return `#${[...short[1]].map((digit) => digit + digit).join("")}`.toLowerCase();
  return long ? `#${long[1]}`.toLowerCase() : null;
};

const luminance = (color) => {
  const [r, g, b] = [1, 3, 5].map((at) => channel(parseInt(color.slice(at, at + 2), 16) / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

export const ratio = (one, other) => {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
};

export const textOn = (color) => (ratio(color, "#000000") >= ratio(color, "#ffffff") ? "#000000" : "#ffffff");

const toHls = (color) => {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255);
  const [high, low] = [Math.max(r, g, b), Math.min(r, g, b)];
  const [lightness, span] = [(high + low) / 2, high - low];
  if (!span) return [0, lightness, 0];
  const saturation = span / (lightness <= 0.5 ? high + low : 2 - high - low);
  const hue = r === high ? (g - b) / span : g === high ? 2 + (b - r) / span : 4 + (r - g) / span;
  return [(hue / 6 + 1) % 1, lightness, saturation];
};

const toHex = (hue, lightness, saturation) => {
  const high = lightness <= 0.5 ? lightness * (1 + saturation) : lightness + saturation - lightness * saturation;
  const low = 2 * lightness - high;
  const part = (turn) => {
    const at = (((turn % 1) + 1) % 1) * 6;
    if (at < 1) return low + (high - low) * at;
    if (at < 3) return high;
    return at < 4 ? low + (high - low) * (4 - at) : low;
  };
  const parts = [hue + 1 / 3, hue, hue - 1 / 3].map((turn) => Math.round(Math.min(1, Math.max(0, part(turn))) * 255));
  return `#${parts.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
};

// The color of the same hue nearest to this one that passes on the background.
export const nearestPassing = (color, background, minimum = 4.5) => {
  if (ratio(color, background) >= minimum) return color;
  const [hue, lightness, saturation] = toHls(color);
  for (let step = 1; step < 256; step += 1) {
    const shades = [lightness - step / 255, lightness + step / 255]
      .filter((moved) => moved >= 0 && moved <= 1)
      .map((moved) => toHex(hue, moved, saturation))
      .filter((shade) => ratio(shade, background) >= minimum);
    if (shades.length) return shades.sort((a, b) => ratio(b, background) - ratio(a, background))[0];
  }
  return textOn(background);
};
