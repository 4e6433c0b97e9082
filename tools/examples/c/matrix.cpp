// Opens a .momos file, multiplies by one of its matrices and compares with the reconstructed rows.
//
//   c++ -std=c++17 matrix.cpp $(pkg-config --cflags --libs momos) -o matrix && ./matrix digits.momos fc1.weight
#include <momos.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

namespace {

void require(momos_status status) {
  if (status != MOMOS_OK) throw std::runtime_error(momos_error_text());
}

/// An object of the library, freed with its owner.
template <typename Object>
using Owned = std::unique_ptr<Object, void (*)(Object *)>;

Owned<momos_model> open(const char *path) {
  momos_model *model = nullptr;
  require(momos_open(path, MOMOS_LOAD_MAP, &model));
  return {model, momos_model_free};
}

Owned<momos_matrix> matrix(const momos_model *model, size_t number) {
  momos_matrix *matrix = nullptr;
  require(momos_matrix_load(model, number, nullptr, &matrix));
  return {matrix, momos_matrix_free};
}

Owned<momos_tensor> tensor(const momos_model *model, size_t number) {
  momos_tensor *tensor = nullptr;
  require(momos_tensor_load(model, number, &tensor));
  return {tensor, momos_tensor_free};
}

}  // namespace

int main(int argument_count, char **arguments) try {
  if (argument_count != 3) throw std::runtime_error("usage: matrix FILE.momos TENSOR");
  const auto start = std::chrono::steady_clock::now();
  const auto model = open(arguments[1]);
  size_t number = 0;
  require(momos_tensor_find(model.get(), arguments[2], &number));
  const auto weights = matrix(model.get(), number);
  const size_t rows = momos_matrix_rows(weights.get()), columns = momos_matrix_columns(weights.get());
  std::vector<float> input(columns), output(rows);
  for (size_t column = 0; column < columns; column += 1) input[column] = std::cos(float(column));
  require(momos_matrix_multiply(weights.get(), 1, input.data(), columns, output.data(), rows));
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;

  // The same sum from the first row's weights.
  const auto dense = tensor(model.get(), number);
  std::vector<float> row(columns);
  const int64_t first = 0;
  require(momos_tensor_read_rows(dense.get(), &first, 1, row.data(), columns * sizeof(float)));
  double sum = 0;
  for (size_t column = 0; column < columns; column += 1) sum += double(row[column]) * input[column];
  std::printf("%s [%zu, %zu]: first product %.4f, from its weights %.4f\n", arguments[2], rows, columns, output[0], sum);
  std::fprintf(stderr, "opened and multiplied once in %.2f ms\n", elapsed.count());
  return std::fabs(output[0] - sum) > 1e-2 * std::fabs(sum) + 1e-3;
} catch (const std::exception &error) {
  std::fprintf(stderr, "matrix: %s\n", error.what());
  return 1;
}
