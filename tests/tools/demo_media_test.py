#!/usr/bin/env python3
"""Tests of tools/demo-media: two seconds of it, made once and taken apart by ffprobe and ffmpeg."""

import json
import pathlib
import subprocess
import tempfile
import unittest

TOOL = pathlib.Path(__file__).parents[2] / "tools" / "demo-media"
SECONDS = 2
FRAMES = SECONDS * 30


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


class DemoMedia(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.out = pathlib.Path(cls.folder)
        output(TOOL, "--seconds", str(SECONDS), "--out", cls.out)

    def frame_numbers(self, file):
        """What the sixteen blocks along the lower edge say, frame by frame: one gray pixel from each block's middle."""
        pixels = output("ffmpeg", "-v", "error", "-i", file, "-vf", "crop=iw:ih*14/360:0:ih*345/360,scale=16:1:flags=area",
                        "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-")
        rows = [pixels[at:at + 16] for at in range(0, len(pixels), 16)]
        return [sum((pixel > 127) << (15 - place) for place, pixel in enumerate(row)) for row in rows]

    def test_the_mp4_is_h264_and_aac_with_the_index_in_front(self):
        facts = json.loads(output("ffprobe", "-v", "error", "-of", "json", "-show_streams", self.out / "demo.mp4"))
        self.assertEqual([stream["codec_name"] for stream in facts["streams"]], ["h264", "aac"])
        self.assertEqual((facts["streams"][0]["width"], facts["streams"][0]["height"]), (640, 360))
        self.assertEqual(facts["streams"][0]["r_frame_rate"], "30/1")
        start = (self.out / "demo.mp4").read_bytes()
        self.assertLess(start.index(b"moov"), start.index(b"mdat"))

    def test_every_frame_says_its_number(self):
        self.assertEqual(self.frame_numbers(self.out / "demo.mp4"), list(range(FRAMES)))

    def test_every_rung_of_the_ladder_shows_the_same_frames(self):
        for rung in ("360p", "270p", "180p"):
            self.assertEqual(self.frame_numbers(self.out / "demo-hls" / rung / "index.m3u8"), list(range(FRAMES)), rung)

    def test_the_master_playlist_names_the_rungs(self):
        lines = (self.out / "demo-hls" / "master.m3u8").read_text().split()
        self.assertEqual([line for line in lines if line.endswith(".m3u8")],
                         ["360p/index.m3u8", "270p/index.m3u8", "180p/index.m3u8"])

    def test_there_is_a_key_frame_each_second(self):
        flags = output("ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=flags", "-of", "csv=p=0",
                       self.out / "demo.mp4").decode().split()
        self.assertEqual([place for place, flag in enumerate(flags) if flag.startswith("K")], list(range(0, FRAMES, 30)))

    def test_it_beeps_at_the_start_of_each_second(self):
        samples = output("ffmpeg", "-v", "error", "-i", self.out / "demo.mp4", "-f", "u8", "-ac", "1", "-ar", "8000", "-")
        loud = [max(abs(sample - 128) for sample in samples[at:at + 80]) > 20 for at in range(0, 8000 * SECONDS, 80)]
        self.assertTrue(loud[2] and loud[102])  # 20 ms into each second
        self.assertFalse(any(loud[10:99]) or any(loud[110:199]))

    def test_captions_cover_every_second(self):
        captions = (self.out / "demo.en.vtt").read_text()
        self.assertTrue(captions.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:00.900\nSecond 0, frame 0\n"))
        self.assertEqual(captions.count("-->"), SECONDS)

    def test_a_second_run_makes_nothing_and_leaves_nothing_half_done(self):
        before = {file: file.stat().st_mtime_ns for file in self.out.rglob("*") if file.is_file() and file.name != ".demo.lock"}
        output(TOOL, "--seconds", str(SECONDS), "--out", self.out)
        after = {file: file.stat().st_mtime_ns for file in self.out.rglob("*") if file.is_file() and file.name != ".demo.lock"}
        self.assertEqual(before, after)
        self.assertFalse((self.out / ".demo.new").exists())

    def test_a_wrong_length_is_refused(self):
        for length in ("0", "-1", "x", "2185", ""):
            done = subprocess.run([TOOL, "--seconds", length, "--out", self.out], capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0, length)
            self.assertIn("--seconds", done.stderr)


if __name__ == "__main__":
    unittest.main()
