"""The stories in Tests/Fixtures/hpack exercise every rule that all stories of their encoders do."""
import unittest

import loading

import hpack_stories


class Stories(unittest.TestCase):
    def test_exercise_what_the_list_says(self):
        # The list was made when the fixtures were, from all stories; a story less would miss a line of it.
        self.assertEqual(list(hpack_stories.coverage()), (hpack_stories.FIXTURES / "coverage.txt").read_text().splitlines())

    def test_a_story_that_alone_exercises_a_rule_is_kept(self):
        story = {"a": [(None, "82", [(":method", "GET")])], "b": [(None, "82" * 2, [(":method", "GET")] * 2)],
                 "c": [(None, "8284", [(":method", "GET"), (":path", "/")])]}
        found = {name: hpack_stories.rules(blocks) for name, blocks in story.items()}
        self.assertEqual(list(hpack_stories.thin(story, found, {"indexed static 2"})), ["a"])
        self.assertEqual(list(hpack_stories.thin(story, found, {"indexed static 2", "indexed static 4"})), ["c"])

    def test_rules_are_seen(self):
        found = hpack_stories.rules([
            (100, "3f4540026869036162630e0161", [("hi", "abc"), ("content-length", "a")]),
            (None, "be3fe11f", [("hi", "abc")]),
        ])
        self.assertIn("literal incremental, new name, index in 1", found)
        self.assertIn("indexed dynamic in 1", found)
        self.assertIn("limit lowered by the peer", found)
        self.assertIn("value plain, length in 1", found)
        self.assertIn("size update 1 of a block in 2, evicts nothing", found)


if __name__ == "__main__":
    unittest.main()
