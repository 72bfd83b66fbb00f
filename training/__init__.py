"""Networks that color photographs: photos in, SavedModels in versioned folders out."""
