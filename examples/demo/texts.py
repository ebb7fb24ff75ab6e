"""Sentences for the sentiment model, and two inputs that no model can read."""

from examples.demo.jobs import Item

SENTENCES = {
    "hotel": "The view was stunning and the breakfast even better than promised.",
    "train": "Terrible trip: two hours late, filthy seats, and a rude guard who hated his job.",
    "neighbour": "Our new neighbour repaired the fence without being asked - what a kind man!",
    "recipe": "Not bad at all, though I would use a little less garlic next time.",
    "update": "The new version is a disaster. It lost my photos and I am really angry!",
    "capitals": "This is the BEST tea I have had in YEARS!!!",
    "but": "The acting was brilliant, but the ending ruined the whole evening.",
    "facts": "The library opens at nine and closes at half past six.",
    "emoji-good": "Exam passed 🎉😊",
    "emoji-bad": "Somebody stole my bike, this is the worst day ever 😡💔",
    "emoji-only": "😍😍😍",
    "smiley": "Got the tickets :-) see you on Friday",
    "double": "I can't say that I don't like it.",
    "irony": "Great, another meeting that could have been a letter.",
    "doctor": "The nurse took her time, explained everything and calmed my daughter down.",
    "delivery": "The vase arrived broken, the support is useless, and they REFUSE to pay me back.",
    "garden": "Rain at last; the tomatoes are saved and everybody is smiling.",
    "slang": "lol that goal was sick, best match of the season",
    "mixed": "I love the keyboard, I hate the screen, and the battery is okay.",
    "polite": "Thank you for the quick reply; sadly the problem is still there.",
    "german": "Das Essen war köstlich, wir kommen gerne wieder.",
    "french": "Quel film ennuyeux, je me suis endormi deux fois.",
    "spanish": "¡Qué día tan bonito! Todo salió bien.",
    "japanese": "とても親切な店員さんでした。ありがとう！",
    "ukrainian": "Чудовий концерт, дякуємо музикантам!",
    "long": "It was fine. " * 40 + "In the end I was happy.",
}


def texts() -> list[Item]:
    """All sentences, one text that is empty, and one that is broken."""
    items = [Item(name, text.encode(), text) for name, text in SENTENCES.items()]
    broken = "The café was lovely".encode("latin-1")
    return [*items, Item("empty", b"", "(no text at all)"), Item("broken", broken, "bytes that are not UTF-8")]
