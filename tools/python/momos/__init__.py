"""momos for Python: weights under the constraint of a mosaic, in numpy (`projection`) and in PyTorch (`torch`)."""
