local action = { type = "one_of", values = { "ask", "skip", "play", "pause", "seek", "rate", "load" } }
local kind = { type = "one_of", values = { "file", "hls", "dash", "youtube", "vimeo", "twitch" }, optional = true }

return {
  name = "vote",
  version = "1.0.0",
  api = 1,
  description = "Deciding together: skip, any other yes or no, and polls",
  after = { "host_control", "presence", "queue" },
  on_fail = "open",
  saved_kib = 256,
  grants = { "playback", "commands" },

  settings = {
    share = {
      type = "number",
      min = 0.01,
      max = 1,
      default = 0.5,
      description = "of those who are here and not away: the yes that carries a motion",
    },
    motion_s = { type = "int", min = 5, max = 3600, default = 30, description = "how long a motion is open" },
    again_s = {
      type = "int",
      min = 0,
      max = 3600,
      default = 20,
      description = "how long after a no the same can be asked again",
    },
    motions_max = { type = "int", min = 1, max = 20, default = 5, description = "motions open at once" },
    polls_max = { type = "int", min = 1, max = 20, default = 5, description = "polls kept, open or closed" },
  },

  shared = {
    motions = {
      kind = "map",
      key = "int",
      of = {
        type = "record",
        fields = {
          action = action,
          question = "text:0..200",
          position_s = "number?", -- of a seek
          rate = "number?",
          url = "text:1..2048?", -- of a load, as are kind and title
          kind = kind,
          title = "text:0..200?",
          by = "viewer?",
          by_name = "text:0..32",
          yes = "int",
          no = "int",
          needed = "int", -- as many yes carry it
          since_tick = "int",
          ends_tick = "int",
        },
      },
      size = "@motions_max",
    },
    polls = {
      kind = "map",
      key = "int",
      of = {
        type = "record",
        fields = {
          question = "text:1..200",
          options = { type = "list", of = "text:1..80", max = 10 },
          counts = { type = "list", of = "int", max = 10 },
          by = "viewer?",
          by_name = "text:0..32",
          since_tick = "int",
          ends_tick = "int?",
          open = "bool",
        },
      },
      size = "@polls_max",
    },
  },

  saved = {
    last_id = { kind = "counter" }, -- of motions and polls together
    -- Who chose what, a character a viewer: ten thousand ballots in ten kilobytes. See ballots in init.lua.
    ballots = { kind = "map", key = "text", of = "text:0..256", size = 2000 },
    -- When a motion like one that failed can be put again: what it was -> room time.
    again = { kind = "map", key = "text", of = "number", size = 50 },
    control_mode = { kind = "value", of = "text:0..20", description = "host_control's, when it was last read" },
  },

  commands = {
    start = {
      args = {
        action = action,
        question = "text:0..200?", -- of an ask
        position_s = "number:0..31536000?",
        rate = "number:0.25..2?",
        url = "text:1..2048?",
        kind = kind,
        title = "text:0..200?",
        viewer = "viewer?", -- for whom, when a plugin asks
      },
      permission = "vote.start",
      rate = { per_s = 0.5, burst = 5 },
      description = "puts a motion, with the author's yes; one that is open already gets that yes. Returns { motion = id }",
    },
    cast = {
      args = { motion = "int", yes = "bool" },
      permission = "vote.cast",
      rate = { per_s = 5, burst = 10 },
      description = "says yes or no; can be changed while the motion is open",
    },
    withdraw = { args = { motion = "int" }, description = "one's own motion; any, with vote.moderate" },
    poll = {
      args = {
        question = "text:1..200",
        options = { type = "list", of = "text:1..80", max = 10 },
        seconds = "int:5..86400?",
      },
      permission = "vote.poll",
      rate = { per_s = 0.2, burst = 3 },
      description = "returns { poll = id }",
    },
    answer = {
      args = { poll = "int", option = "int:1..10" },
      permission = "vote.cast",
      rate = { per_s = 5, burst = 10 },
      description = "can be changed while the poll is open",
    },
    close = { args = { poll = "int" }, description = "one's own poll; any, with vote.moderate" },
    mine = {
      args = {},
      rate = { per_s = 1, burst = 5 },
      description = 'one\'s own choices, for a page that was reloaded: { choices = { ["7"] = 2 } }; of a motion 1 is yes and 2 no',
    },
  },

  events = {
    decided = {
      of = {
        type = "record",
        fields = {
          motion = "int",
          action = action,
          question = "text:0..200",
          passed = "bool",
          yes = "int",
          no = "int",
          needed = "int",
        },
      },
    },
  },

  permissions = {
    ["vote.start"] = "put something to the vote",
    ["vote.cast"] = "vote",
    ["vote.poll"] = "start polls",
    ["vote.moderate"] = "end what others put to the vote",
  },
}
