print("momos: not built yet")
