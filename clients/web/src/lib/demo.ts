// The film that tools/demo-media makes: it ships with the engine, so that the first room needs no link from elsewhere.
export const demoSource = { kind: "file", url: "/media/demo.mp4", title: "Demo" } as const;
