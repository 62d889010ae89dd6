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

// Steps toward black or white until the color passes on the background.
export const nearestPassing = (color, background, minimum = 4.5) => {
  const end = luminance(background) > 0.18 ? 0 : 255;
  const parts = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  for (let step = 0; step <= 100; step += 1) {
    const mixed = parts.map((part) => Math.round(part + ((end - part) * step) / 100));
    const found = `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
    if (ratio(found, background) >= minimum) return found;
  }
  return end ? "#ffffff" : "#000000";
};
