resource x
