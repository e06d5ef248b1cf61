"""Load MKL by the name that programs are linked to, multiply, and show how many threads it uses."""

import ctypes

library = ctypes.CDLL("libmkl_rt.so.3")
size = 64
numbers = (ctypes.c_float * (size * size))(*[1.0] * (size * size))
result = (ctypes.c_float * (size * size))()
one, zero = ctypes.c_float(1.0), ctypes.c_float(0.0)
library.cblas_sgemm(101, 111, 111, size, size, size, one, numbers, size, numbers, size, zero, result, size)
print("product", result[0])
print("threads", library.MKL_Get_Max_Threads())
