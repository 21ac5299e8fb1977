return {
  name = "chat",
  version = "1.0.0",
  api = 1,
  description = "Talk beside the film",
  on_fail = "open",
  shared_kib = 72, -- init.lua lets go of the oldest lines before they take more

  settings = {
    keep = { type = "int", min = 1, max = 500, default = 200, description = "lines that a late joiner still sees" },
    length_max = { type = "int", min = 1, max = 2000, default = 500, description = "characters of one line" },
    per_s = {
      type = "number",
      min = 0.02,
      max = 20,
      default = 1,
      description = "lines a second of one viewer, in the long run",
    },
    burst = { type = "int", min = 1, max = 50, default = 5, description = "lines of one viewer at once" },
    slow_s = {
      type = "int",
      min = 0,
      max = 3600,
      default = 0,
      description = "slow mode at first: seconds between two lines of one viewer",
    },
    edit_s = {
      type = "int",
      min = 0,
      max = 86400,
      default = 600,
      description = "how long one's own line can be changed",
    },
  },

  shared = {
    log = {
      kind = "ring",
      size = "@keep",
      of = {
        type = "record",
        fields = {
          from = "viewer",
          name = "text:1..32", -- as it was then: the viewer may have left
          text = "text:1..2000",
          tick = "int",
          media = "int?", -- the media instance that was loaded, and where it was: the line's link into the film
          position_s = "number?",
          reply_to = "int?", -- index of a line, which may be gone by now
          mentions = { type = "list", of = "viewer", max = 10, optional = true },
          edited = "bool?",
        },
      },
    },
    limits = {
      kind = "value",
      of = { type = "record", fields = { length_max = "int", edit_s = "int", slow_s = "int" } },
      description = "what a page needs to say no before the engine does; slow_s = 0: no slow mode",
    },
  },

  commands = {
    say = {
      args = {
        text = { type = "text", min = 1, max = "@length_max" },
        reply_to = "int?",
        mentions = { type = "list", of = "viewer", max = 10, optional = true },
        position_s = "number:0..31536000?", -- where the author's screen was; else where the room is
      },
      permission = "chat.say",
      rate = { per_s = "@per_s", burst = "@burst" },
      description = "returns { line = index }",
    },
    edit = {
      args = { line = "int", text = { type = "text", min = 1, max = "@length_max" } },
      permission = "chat.say",
      rate = { per_s = "@per_s", burst = "@burst" },
      description = "changes a line of one's own",
    },
    delete = { args = { line = "int" }, description = "takes back a line of one's own; moderators take back any" },
    clear = { args = {}, permission = "chat.moderate", description = "takes back all" },
    set_slow = {
      args = { seconds = "int:0..3600" },
      permission = "chat.moderate",
      description = "seconds that each viewer waits between two lines; 0 ends slow mode",
    },
  },

  signals = {
    typing = { args = { on = "bool" }, rate = { per_s = 1, burst = 4 } },
  },

  events = {
    typing = {
      of = { type = "record", fields = { viewers = { type = "list", of = "viewer", max = 8 }, more = "int:0.." } },
      lossy = true,
      description = "who is writing; holds for 5 seconds",
    },
  },

  permissions = {
    ["chat.say"] = "write in the chat",
    ["chat.moderate"] = "take back what others wrote, and set slow mode",
  },

  topics = {
    ["chat.text"] = "text:0..2000", -- filters change a line here; what they leave empty is not said
  },
}
