return {
  name = "reactions",
  version = "1.0.0",
  api = 1,
  description = "Emoji that rise over the film, gathered so that ten thousand of them cost one event",
  on_fail = "open",

  settings = {
    choices = {
      type = "list",
      of = "text:1..16",
      max = 24,
      default = { "👍", "😂", "😮", "😢", "❤️", "🔥", "👏", "🎉" },
      description = "what can be sent",
    },
    per_s = { type = "number", min = 0.1, max = 20, default = 3, description = "of one viewer, in the long run" },
    burst = { type = "int", min = 1, max = 50, default = 6, description = "of one viewer at once" },
    gather_s = {
      type = "number",
      min = 0,
      max = 5,
      default = 0.1,
      description = "how long they are gathered; 0: each tick",
    },
    moment_s = {
      type = "int",
      min = 5,
      max = 600,
      default = 30,
      description = "the film is counted in moments of this length",
    },
  },

  shared = {
    choices = { kind = "value", of = { type = "list", of = "text:1..16", max = 24 } },
    moment_s = { kind = "value", of = "int" },
    moments = {
      kind = "map",
      key = "int",
      of = "int",
      size = 300,
      description = "of the loaded media: moment (position_s // moment_s) -> how many reacted there",
    },
  },

  signals = {
    react = {
      -- place on the picture, from its top left
      args = {
        emoji = "text:1..16",
        x = "number:0..1?",
        y = "number:0..1?",
      },
      rate = { per_s = "@per_s", burst = "@burst" },
    },
  },

  events = {
    burst = {
      of = {
        type = "record",
        fields = {
          counts = { type = "map", key = "text", of = "int", max = 24 },
          position_s = "number", -- of the media, when they were sent
          media = "int",
          places = {
            type = "list",
            of = { type = "record", fields = { emoji = "text:1..16", x = "number:0..1", y = "number:0..1" } },
            max = 32,
          }, -- of the first of those that were given a place
        },
      },
      lossy = true,
    },
  },

  permissions = {
    ["reactions.react"] = "send reactions",
  },
}
