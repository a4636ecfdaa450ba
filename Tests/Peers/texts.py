"""Texts of many scripts for the tokenizers' peers: words, control characters, sequences of emoji, very long words."""
# The last code point of each range is the last that is drawn from it.
SCRIPTS = [
    (0x20, 0x7E), (0x61, 0x7A), (0x61, 0x7A), (0x00, 0x1F), (0x7F, 0xA0), (0xC0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF),
    (0x400, 0x4FF), (0x530, 0x58F), (0x590, 0x5FF), (0x600, 0x6FF), (0x900, 0x97F), (0x980, 0x9FF), (0xB80, 0xBFF),
    (0xE00, 0xE7F), (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x137F), (0x1780, 0x17FF), (0x2000, 0x206F),
    (0x2070, 0x209F), (0x2100, 0x218F), (0x2460, 0x24FF), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3),
    (0xFB00, 0xFDFF), (0xFF00, 0xFFEF), (0x10330, 0x1034A), (0x1D400, 0x1D7FF), (0x1F300, 0x1F64F), (0x1F900, 0x1F9FF),
    (0x20000, 0x20100), (0xE0001, 0xE007F)]
PIECES = [
    " ", " ", " ", "  ", "   ", "\n", "\r\n", "\n\n ", "\t", "\u00a0", "\u3000", "\u2028", "\x85", "\x1c", "'s", "'S", "'ſ", "'t",
    "'re", "'RE", "'Ve", "'ll", "'d", "'x", "''", "don't", "I'LL", "12", "2026", " 3", "1234567", "½", "٣٤", "...", "!?", " --\n",
    "<|end|>", "<|end|", "<tool>", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👍🏽", "e\u0301", "\ufeff", "\u200b", "\0", "the", " The", "é", "ß", "İ"]


def text(random):
    """Words of one script, pieces in between, now and then a very long word."""
    parts = []
    for _ in range(random.randint(1, 12)):
        if random.random() < 0.5:
            parts.append(random.choice(PIECES))
        first, last = random.choice(SCRIPTS)
        length = random.randint(1, 9) if random.random() < 0.995 else random.randint(500, 5000)
        parts.append("".join(chr(random.randint(first, last)) for _ in range(length)))
    return "".join(parts)


def mixed(source, count):
    """Texts of 1 to 600 words, of which the first are what tokenizers stumble over."""
    texts = ["", " ", "a", "<pad> a <pad>b", "a<mask> b", "[MASK]  [SEP]x", "</s><s>"]
    while len(texts) < count:
        line, wanted = text(source), source.choice([1, 3, 10, 30, 100, 300, 600])
        while len(line.split()) < wanted:
            line += " " + text(source)[:200]
        texts.append(line)
    return texts[:count]
