"""The same questions in the words of MLflow's registry."""

PAGE = 10
NEWEST = "last_updated_timestamp DESC"
NAMED = "name ILIKE '%detection for%'"
TAGGED = "tags.input_type = 'image'"
ACTIVE = "tags.author ILIKE '%organisation 1%' AND tags.is_active = 'true'"
RECOMMENDED = "tags.is_recommended = 'true'"
NOBODY = "name ILIKE '%nobody has this%'"
WORDS = "name ILIKE '%distilled%' AND name ILIKE '%podcasts%'"
"""It looks for words in names only, not in descriptions."""
