public import ArgumentParser
public import Momos

extension ByteSize: ExpressibleByArgument {}
