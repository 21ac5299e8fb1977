return {
  name = "cursors",
  version = "1.0.0",
  api = 1,
  description = "Everyone's pointer on the picture, in small rooms",
  on_fail = "open",

  settings = {
    hz = { type = "int", min = 1, max = 20, default = 10, description = "how often pointers are told, at most" },
    viewers_max = { type = "int", min = 1, max = 100, default = 20, description = "off while more are here" },
  },

  shared = {
    on = { kind = "value", of = "bool", description = "false: too many viewers; pages stop sending" },
    hz = {
      kind = "value",
      of = "int",
      description = "how often a page sends, at most; it draws smoothly in between",
    },
  },

  signals = {
    point = {
      args = { x = "number:0..1", y = "number:0..1" }, -- place on the picture, from its top left
      rate = { per_s = 20, burst = 20 },
    },
    hide = { args = {}, rate = { per_s = 5, burst = 10 } }, -- it left the picture
  },

  events = {
    moved = {
      of = {
        type = "record",
        fields = {
          cursors = {
            type = "list",
            of = { type = "record", fields = { viewer = "viewer", x = "number:0..1", y = "number:0..1" } },
            max = 100,
          },
          gone = { type = "list", of = "viewer", max = 100 },
        },
      },
      lossy = true,
      description = "those that moved since the last; one that is not told of for 10 seconds is gone too",
    },
  },

  permissions = {
    ["cursors.point"] = "show one's pointer",
  },
}
