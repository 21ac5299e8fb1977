local kind = { type = "one_of", values = { "file", "hls", "dash", "youtube", "vimeo", "twitch" } }
local loop = { type = "one_of", values = { "off", "one", "all" } }
local order = { type = "one_of", values = { "manual", "votes" } }

local function optional(of)
  return { type = of.type, values = of.values, optional = true }
end

return {
  name = "queue",
  version = "1.0.0",
  api = 1,
  description = "What is played next, and starting it when the film ends",
  on_fail = "open",
  shared_kib = 72,
  grants = { "playback" },

  settings = {
    length_max = { type = "int", min = 1, max = 200, default = 100, description = "items that wait, at most" },
    per_viewer_max = { type = "int", min = 1, max = 200, default = 50, description = "of these, one viewer's" },
    advance = { type = "bool", default = true, description = "the next item starts when the film ends, at first" },
    gap_s = { type = "number", min = 0, max = 600, default = 5, description = "seconds between the two, at first" },
    loop = {
      type = "one_of",
      values = { "off", "one", "all" },
      default = "off",
      description = "what is repeated, at first",
    },
    order = {
      type = "one_of",
      values = { "manual", "votes" },
      default = "manual",
      description = "how items are ordered, at first",
    },
    start_when_idle = {
      type = "bool",
      default = true,
      description = "what is added to a room where nothing plays starts at once",
    },
  },

  shared = {
    items = {
      kind = "list",
      of = {
        type = "record",
        fields = {
          kind = kind,
          url = "text:1..2048",
          title = "text:0..200",
          by = "viewer?",
          by_name = "text:0..32",
          tick = "int", -- when it was added
        },
      },
      size = "@length_max",
      description = "what waits; ids are never used twice, so a late command cannot hit another item",
    },
    current = {
      kind = "value",
      of = {
        type = "record",
        fields = {
          item = "int", -- the id it had while it waited
          media = "int", -- the media instance
          kind = kind,
          url = "text:1..2048",
          title = "text:0..200",
          by = "viewer?",
          by_name = "text:0..32",
        },
        optional = true,
      },
      description = "the item that is loaded; absent if something else is",
    },
    votes = {
      kind = "map",
      key = "int",
      of = { type = "list", of = "viewer", max = 500 },
      size = "@length_max",
      description = "item -> who wants it",
    },
    options = {
      kind = "value",
      of = { type = "record", fields = { advance = "bool", gap_s = "number", loop = loop, order = order } },
    },
    next_tick = { kind = "value", of = "int?", description = "in the gap: when the next item starts" },
  },

  saved = {
    wanted = {
      kind = "value",
      of = { type = "record", fields = { item = "int", tick = "int" }, optional = true },
      description = "what we asked the room to load; its answer comes as an event",
    },
  },

  commands = {
    add = {
      -- next: before all others
      args = {
        url = "text:1..2048",
        kind = optional(kind),
        title = "text:0..200?",
        next = "bool?",
      },
      permission = "queue.add",
      rate = { per_s = 1, burst = 10 },
      description = "returns { item = id }; without a kind the address tells",
    },
    remove = { args = { item = "int" }, description = "one's own item; any, with queue.edit" },
    move = {
      args = { item = "int", position = "int:1..200" },
      permission = "queue.edit",
      description = "position 1 is played next",
    },
    shuffle = { args = {}, permission = "queue.edit" },
    clear = { args = {}, permission = "queue.edit" },
    play = { args = { item = "int" }, permission = "queue.play", description = "loads and plays an item now" },
    next = {
      args = { current = "int?" }, -- the item that is to be skipped, so that two who skip at once skip one
      permission = "queue.play",
      description = "goes on to the next item",
    },
    vote = {
      args = { item = "int", on = "bool" },
      permission = "queue.vote",
      description = "wants an item, or no longer",
    },
    set = {
      args = { advance = "bool?", gap_s = "number:0..600?", loop = optional(loop), order = optional(order) },
      permission = "queue.options",
    },
  },

  events = {
    failed = {
      of = { type = "record", fields = { item = "int", title = "text", url = "text", why = "text" } },
      description = "an item could not be loaded; it still waits",
    },
  },

  permissions = {
    ["queue.add"] = "add to the queue",
    ["queue.edit"] = "reorder the queue and remove what others added",
    ["queue.play"] = "play an item now, and skip",
    ["queue.vote"] = "vote for items",
    ["queue.options"] = "set how the queue goes on",
  },
}
