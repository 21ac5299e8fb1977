// Samples of a call stack each, as `perf script` prints them, added up to a tree of calls. Pure.

const frameLine = /^\s+[0-9a-f]+ (.*) \(([^()]*)\)$/;
const operators = /\boperator(<=>|<<=|>>=|->\*|<<|>>|->|<=|>=|<|>|\(\)|\[\])/g;
// A library without names tells its own at least.
const unknown = '[unknown]';
const placeholder = /\u0001(\d+)\u0002/g;

// Leaves out what stands between an opening and its closing character, however deeply they are nested.
function without(text, opening, closing) {
  let left = '';
  let depth = 0;
  for (const character of text) {
    if (character === opening) depth++;
    else if (character === closing && depth > 0) depth--;
    else if (depth === 0) left += character;
  }
  return left;
}

// The name of a function without what it takes, returns or is instantiated with: those make most of a C++ symbol, and a
// picture has no room for them.
export function readable(symbol) {
  const found = [];
  let name = symbol
    .replace(/ \[clone [^\]]*\]/g, '')
    .replaceAll('(anonymous namespace)::', '')
    .replace(/\[abi:[^\]]*\]/g, '')
    .replace(operators, (whole) => `\u0001${found.push(whole) - 1}\u0002`)
    .replace(/\{lambda\(.*?\)#\d+\}/g, 'lambda')
    .replace(/\{lambda#\d+\}/g, 'lambda');
  name = without(without(name, '<', '>'), '(', ')')
    .replace(/\s+const\b|\s*&+$/g, '')
    .trim();
  // What stands before the last blank is what it returns, unless it converts (operator bool) or allocates (operator new).
  name = name.match(/\S*\boperator [^:]*$/)?.[0] ?? name.split(/\s+/).at(-1);
  return name.replace(placeholder, (_, n) => found[n]) || unknown;
}

// Whose code it is: the kernel's, the engine's, or a library's that it uses.
function ownerOf(name, file) {
  if (file.startsWith('[') && file !== '[vdso]' && file !== '[unknown]') return 'kernel';
  return name.startsWith('playhead::') ? 'engine' : 'library';
}

// Frames of libraries that only call each other on the way (Asio's handlers, the standard library's functions, what has no names)
// are one.
const passages = [/^boost::asio::/, /^std::/, /^\[/];
const passageOf = (name) => passages.find((each) => each.test(name));

// The clock that takes samples interrupts, so what runs while the kernel lets nothing interrupt it is seen when it does again. What
// only turns interrupts on is left out; the time is its caller's.
const interruptsOn = /^(__raw_callee_save_)?\w*irq_enable$|^_raw_spin_unlock_irq(restore)?$/;

// The frames of one sample, outermost first: [{ name, owner }].
function framesOf(lines) {
  const frames = [];
  for (const line of lines.toReversed()) {
    const match = line.match(frameLine);
    if (!match) continue;
    const symbol = readable(match[1]);
    const name = symbol === unknown ? `[${match[2].split('/').at(-1).replace(/^\[|\]$/g, '')}]` : symbol;
    const passage = passageOf(name);
    if (passage && frames.length > 0 && passageOf(frames.at(-1).name) === passage) continue;
    frames.push({ name, owner: ownerOf(name, match[2]) });
  }
  while (frames.length > 1 && frames.at(-1).owner === 'kernel' && interruptsOn.test(frames.at(-1).name)) frames.pop();
  return frames;
}

// The kernel and libraries have functions of the same name.
const keyOf = (owner, name) => `${owner} ${name}`;

// Takes the text a line at a time. `below`: only what the first frame of such a name has called counts, and it is the root's child.
export class Calls {
  #lines = [];
  #below;
  root = { name: 'all', owner: 'library', samples: 0, children: new Map() };
  left = 0; // samples outside of `below`

  constructor({ below } = {}) {
    this.#below = below;
  }

  take(line) {
    if (line.trim() === '') this.#finish();
    else if (/^\s/.test(line)) this.#lines.push(line);
  }

  end() {
    this.#finish();
    return this.root;
  }

  #finish() {
    let frames = framesOf(this.#lines);
    const known = this.#lines.length > 0;
    this.#lines = [];
    if (!known) return;
    if (this.#below) {
      const first = frames.findIndex(({ name }) => this.#below.test(name));
      if (first < 0) {
        this.left++;
        return;
      }
      frames = frames.slice(first);
    }
    let node = this.root;
    node.samples++;
    for (const { name, owner } of frames) {
      const key = keyOf(owner, name);
      let child = node.children.get(key);
      if (!child) node.children.set(key, (child = { name, owner, samples: 0, children: new Map() }));
      child.samples++;
      node = child;
    }
  }
}

const own = (node) => node.samples - [...node.children.values()].reduce((sum, { samples }) => sum + samples, 0);

// By name: { name, owner, own, whole, passedOn }: the samples in it itself; those in it or in what it called, each counted once; and
// how many of the latter its callers did little with but pass on to it.
export function functionsOf(root) {
  const all = new Map();
  const visit = (node, caller, above) => {
    const key = keyOf(node.owner, node.name);
    let entry = all.get(key);
    if (!entry) all.set(key, (entry = { name: node.name, owner: node.owner, own: 0, whole: 0, passedOn: 0 }));
    entry.own += own(node);
    if (!above.has(key)) {
      entry.whole += node.samples;
      if (caller !== root && node.samples >= 0.95 * caller.samples) entry.passedOn += node.samples;
    }
    const within = new Set(above).add(key);
    for (const child of node.children.values()) visit(child, node, within);
  };
  for (const child of root.children.values()) visit(child, root, new Set());
  return [...all.values()];
}

// Samples by owner, each counted for the innermost frame.
export function ownersOf(root) {
  const owners = { kernel: 0, engine: 0, library: 0 };
  const visit = (node) => {
    owners[node.owner] += own(node);
    for (const child of node.children.values()) visit(child);
  };
  visit(root);
  return owners;
}
