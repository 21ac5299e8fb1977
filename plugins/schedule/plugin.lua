local kind = { type = "one_of", values = { "file", "hls", "dash", "youtube", "vimeo", "twitch" }, optional = true }

return {
  name = "schedule",
  version = "1.0.0",
  api = 1,
  description = "A film that starts at a time of day, with a countdown",
  after = { "host_control", "queue", "roles" },
  on_fail = "open",
  grants = { "playback", "commands", "wall_time" },

  settings = {
    at_unix_s = {
      type = "int",
      min = 0,
      max = 4102444800,
      default = 0,
      description = "when the room starts, in seconds since 1970 (UTC); 0: not set",
    },
    locked = { type = "bool", default = true, description = "until then nobody else starts the film" },
    ahead_max_s = {
      type = "int",
      min = 60,
      max = 31536000,
      default = 2592000,
      description = "a start can be set this far ahead",
    },
  },

  shared = {
    start = {
      kind = "value",
      of = {
        type = "record",
        fields = {
          at_unix_s = "number",
          starts_tick = "int", -- the same moment as the room counts; moves if the wall clock is set
          locked = "bool",
          by_name = "text:0..32",
          url = "text:1..2048?", -- what is loaded then; else what is loaded already, or the queue's next
          kind = kind,
          title = "text:0..200?",
        },
        optional = true,
      },
    },
  },

  saved = {
    used_setting = { kind = "value", of = "int?" }, -- the at_unix_s of the settings that is done with
  },

  commands = {
    set = {
      args = {
        at_unix_s = "number?", -- this, or in_s
        in_s = "number:1..31536000?",
        locked = "bool?",
        url = "text:1..2048?",
        kind = kind,
        title = "text:0..200?",
      },
      permission = "schedule.set",
      description = "sets when the film starts; it stands at its beginning until then",
    },
    cancel = { args = {}, permission = "schedule.set" },
    start_now = { args = {}, permission = "schedule.set" },
  },

  events = {
    started = {
      of = { type = "record", fields = { late_s = "number:0.." } },
      description = "the time has come",
    },
  },

  permissions = {
    ["schedule.set"] = "set when the film starts",
  },
}
