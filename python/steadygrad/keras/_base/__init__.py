"""What all families of words share: names, seeds, arrays, settings, variables, layers."""
