// A tree of calls as a picture: each frame as wide as the share of samples that were in it, on top of whoever called it. Pure:
// the same calls are the same text. It needs no script; what a frame is in full is its tooltip.
import { functionsOf, ownersOf } from './calls.mjs';

const width = 1200;
const margin = 10;
const rowHeight = 16;
const lineHeight = 17;
const characterWidth = 6.1; // of 11px sans-serif, on average
const widestCount = 10;
const colours = { kernel: '#9db8d9', engine: '#f3b562', library: '#d9d4c7' };
const words = { kernel: 'kernel', engine: 'the engine', library: 'libraries' };

const shown = (value, digits = 1) => String(Number(value.toFixed(digits)));
const percent = (samples, all) => `${((100 * samples) / Math.max(all, 1)).toFixed(1)} %`;
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

// What a frame has room for: the name without its namespace, cut if need be.
function label(name, room) {
  const short = name.replace(/^playhead::/, '');
  const characters = Math.floor((room - 6) / characterWidth);
  if (characters < 3) return '';
  return short.length <= characters ? short : `${short.slice(0, characters - 1)}…`;
}

const wider = (a, b) => b.samples - a.samples || (a.name < b.name ? -1 : 1);
const text = (x, y, content, more = '') => `<text x="${shown(x)}" y="${shown(y)}"${more}>${escaped(content)}</text>\n`;

// Frames that are a pixel wide at least: [{ node, x, row, width }].
function placed(root) {
  const frames = [];
  const scale = (width - 2 * margin) / Math.max(root.samples, 1);
  const place = (node, x, row) => {
    if (node.samples * scale < 1) return;
    frames.push({ node, x, row, width: node.samples * scale });
    let at = x;
    for (const child of [...node.children.values()].sort(wider)) {
      place(child, at, row + 1);
      at += child.samples * scale;
    }
  };
  place(root, margin, 0);
  return frames;
}

// The functions with the largest `key`. Of a chain in which each does little but call the next, the first stands for all.
export function widest(root, key) {
  const all = root.samples;
  return functionsOf(root)
    .filter((each) => each[key] >= all / 200 && (key === 'own' || (each.whole <= 0.95 * all && each.passedOn <= each.whole / 2)))
    .sort((a, b) => b[key] - a[key])
    .slice(0, widestCount);
}

function legend(root, top) {
  const owners = ownersOf(root);
  let svg = '';
  let x = margin;
  for (const [owner, colour] of Object.entries(colours)) {
    const said = `${words[owner]} ${percent(owners[owner], root.samples)}`;
    svg += `<rect x="${shown(x)}" y="${top - 11}" width="12" height="12" fill="${colour}"/>\n${text(x + 18, top, said)}`;
    x += 40 + said.length * 7;
  }
  const columns = [
    ['own', 'by themselves'],
    ['whole', 'with what they call'],
  ];
  columns.forEach(([key, heading], column) => {
    const left = margin + (column * (width - 2 * margin)) / 2;
    svg += text(left, top + 1.6 * lineHeight, heading, ' font-weight="bold"');
    widest(root, key).forEach((each, row) => {
      const y = top + (row + 2.7) * lineHeight;
      svg += text(left + 50, y, percent(each[key], root.samples), ' text-anchor="end"') + text(left + 60, y, label(each.name, 500));
    });
  });
  return svg;
}

// `notes`: lines that stand below the title.
export function svgOf({ title, notes, root }) {
  const frames = placed(root);
  const rows = 1 + Math.max(...frames.map(({ row }) => row));
  const legendTop = 30 + (notes.length + 1) * lineHeight;
  const top = legendTop + (widestCount + 3.5) * lineHeight;
  const height = Math.ceil(top + rows * rowHeight + margin);
  let svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">\n` +
    '<style>text{font:12px sans-serif;fill:#333}.frames text{font-size:11px}.frames rect{stroke:#fff;stroke-width:.5}</style>\n' +
    `<rect width="${width}" height="${height}" fill="#fff"/>\n${text(margin, 26, title, ' style="font-size:16px"')}`;
  notes.forEach((note, n) => {
    svg += text(margin, 30 + (n + 1) * lineHeight, note);
  });
  svg += `${legend(root, legendTop + lineHeight)}<g class="frames">\n`;
  for (const { node, x, row, width: wide } of frames) {
    const y = top + (rows - 1 - row) * rowHeight;
    const full = `${node.name}: ${node.samples} samples, ${percent(node.samples, root.samples)}`;
    const name = label(node.name, wide);
    svg += `<g><title>${escaped(full)}</title><rect x="${shown(x, 2)}" y="${shown(y)}" width="${shown(wide, 2)}" height="${rowHeight}" fill="${colours[node.owner]}"/>`;
    if (name) svg += `<text x="${shown(x + 3)}" y="${shown(y + 12)}">${escaped(name)}</text>`;
    svg += '</g>\n';
  }
  return `${svg}</g>\n</svg>\n`;
}
