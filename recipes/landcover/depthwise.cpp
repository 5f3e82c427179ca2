// Kernels for training in bfloat16 on CPUs with AVX-512 BF16. All maps lie channels last; sums run in float32.
// N images, C channels (multiples of 16 where a function takes whole vectors), H and W pixels, K the kernel's side.
#include <immintrin.h>
#include <torch/extension.h>

#include <vector>

namespace {

using Half = at::BFloat16;
constexpr int LANES = 16;

inline __m512 load(const Half* from) {
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

inline void store(Half* to, __m512 values) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh(values));
}

struct Shape {
  int64_t images, channels, height, width, out_height, out_width, stride;
};

// Gradient of the K x K weights of 16 channels from `first` on: every tap has an accumulator in a register.
template <int K>
void weight_gradient(const Half* inputs, const Half* gradient, float* result, const Shape& s, int64_t first) {
  constexpr int P = K / 2;
  __m512 sums[K * K];
  for (auto& sum : sums) sum = _mm512_setzero_ps();
  for (int64_t n = 0; n < s.images; n++)
    for (int64_t oh = 0; oh < s.out_height; oh++) {
      const int64_t top = oh * s.stride - P;
      const bool rows_inside = top >= 0 && top + K <= s.height;
      const Half* row = gradient + (n * s.out_height + oh) * s.out_width * s.channels + first;
      for (int64_t ow = 0; ow < s.out_width; ow++) {
        const __m512 g = load(row + ow * s.channels);
        const int64_t left = ow * s.stride - P;
        const Half* corner = inputs + ((n * s.height + top) * s.width + left) * s.channels + first;
        if (rows_inside && left >= 0 && left + K <= s.width) {
#pragma GCC unroll 5
          for (int a = 0; a < K; a++)
#pragma GCC unroll 5
            for (int b = 0; b < K; b++)
              sums[a * K + b] = _mm512_fmadd_ps(g, load(corner + (a * s.width + b) * s.channels), sums[a * K + b]);
        } else {
#pragma GCC unroll 5
          for (int a = 0; a < K; a++)
#pragma GCC unroll 5
            for (int b = 0; b < K; b++)
              if (top + a >= 0 && top + a < s.height && left + b >= 0 && left + b < s.width)
                sums[a * K + b] = _mm512_fmadd_ps(g, load(corner + (a * s.width + b) * s.channels), sums[a * K + b]);
        }
      }
    }
  for (int tap = 0; tap < K * K; tap++) {
    float lanes[LANES];
    _mm512_storeu_ps(lanes, sums[tap]);
    for (int lane = 0; lane < LANES; lane++) result[(first + lane) * K * K + tap] = lanes[lane];
  }
}

// Taps that reach a place along one axis, and the output places they come from.
template <int K>
int reaching_taps(int64_t place, int64_t stride, int64_t outputs, int64_t* taps, int64_t* from) {
  int count = 0;
  for (int tap = 0; tap < K; tap++) {
    const int64_t shifted = place + K / 2 - tap;
    if (shifted >= 0 && shifted % stride == 0 && shifted / stride < outputs) {
      taps[count] = tap;
      from[count++] = shifted / stride;
    }
  }
  return count;
}

// Gradient of the inputs; `weights` is (K * K, C).
template <int K>
void input_gradient(const Half* gradient, const float* weights, Half* result, const Shape& s) {
  int64_t row_taps[K], rows[K], col_taps[K], cols[K];
  for (int64_t n = 0; n < s.images; n++)
    for (int64_t h = 0; h < s.height; h++) {
      const int row_count = reaching_taps<K>(h, s.stride, s.out_height, row_taps, rows);
      for (int64_t w = 0; w < s.width; w++) {
        const int col_count = reaching_taps<K>(w, s.stride, s.out_width, col_taps, cols);
        Half* pixel = result + ((n * s.height + h) * s.width + w) * s.channels;
        for (int64_t c = 0; c < s.channels; c += LANES) {
          __m512 sum = _mm512_setzero_ps();
          for (int i = 0; i < row_count; i++)
            for (int j = 0; j < col_count; j++) {
              const Half* g = gradient + ((n * s.out_height + rows[i]) * s.out_width + cols[j]) * s.channels + c;
              const float* weight = weights + (row_taps[i] * K + col_taps[j]) * s.channels + c;
              sum = _mm512_fmadd_ps(load(g), _mm512_loadu_ps(weight), sum);
            }
          store(pixel + c, sum);
        }
      }
    }
}

template <int K>
std::vector<at::Tensor> backward(at::Tensor gradient, at::Tensor inputs, at::Tensor weight, const Shape& s, bool wanted) {
  auto of_weight = at::zeros({s.channels, 1, K, K}, at::kFloat);
  const auto* x = static_cast<const Half*>(inputs.data_ptr());
  const auto* g = static_cast<const Half*>(gradient.data_ptr());
  for (int64_t c = 0; c < s.channels; c += LANES) weight_gradient<K>(x, g, of_weight.data_ptr<float>(), s, c);
  at::Tensor of_inputs;
  if (wanted) {
    of_inputs = at::empty_like(inputs);
    auto taps_first = weight.to(at::kFloat).reshape({s.channels, K * K}).t().contiguous();
    input_gradient<K>(g, taps_first.data_ptr<float>(), static_cast<Half*>(of_inputs.data_ptr()), s);
  }
  return {of_inputs, of_weight};
}

}  // namespace

// Gradients of a depthwise convolution's inputs (undefined unless wanted) and of its weights, kernels of 3 or 5.
std::vector<at::Tensor> depthwise_backward(
    at::Tensor gradient, at::Tensor inputs, at::Tensor weight, int64_t stride, bool wanted) {
  const Shape s{inputs.size(0),   inputs.size(1),   inputs.size(2), inputs.size(3),
                gradient.size(2), gradient.size(3), stride};
  TORCH_CHECK(s.channels % LANES == 0, "channels must be a multiple of 16, not ", s.channels);
  return weight.size(2) == 3 ? backward<3>(gradient, inputs, weight, s, wanted)
                             : backward<5>(gradient, inputs, weight, s, wanted);
}

// Gradient through a clamp to 0..limit from the clamped outputs, and its sum per channel.
std::vector<at::Tensor> clamp_backward(at::Tensor gradient, at::Tensor outputs, double limit) {
  const int64_t channels = outputs.size(1), pixels = outputs.numel() / channels;
  TORCH_CHECK(channels % LANES == 0, "channels must be a multiple of 16, not ", channels);
  auto result = at::empty_like(outputs);
  auto sums = at::zeros({channels}, at::kFloat);
  const auto* g = static_cast<const Half*>(gradient.data_ptr());
  const auto* y = static_cast<const Half*>(outputs.data_ptr());
  auto* to = static_cast<Half*>(result.data_ptr());
  float* sum = sums.data_ptr<float>();
  const __m512 low = _mm512_setzero_ps(), high = _mm512_set1_ps(limit);
  for (int64_t at = 0; at < pixels * channels; at += channels)
    for (int64_t c = 0; c < channels; c += LANES) {
      const __m512 value = load(y + at + c);
      const __mmask16 open = _mm512_cmp_ps_mask(value, low, _CMP_GT_OQ) & _mm512_cmp_ps_mask(value, high, _CMP_LT_OQ);
      const __m512 passed = _mm512_maskz_mov_ps(open, load(g + at + c));
      store(to + at + c, passed);
      _mm512_storeu_ps(sum + c, _mm512_add_ps(_mm512_loadu_ps(sum + c), passed));
    }
  return {result, sums};
}

// Clamps to 0..limit in place.
void clamp_(at::Tensor maps, double limit) {
  auto* values = static_cast<Half*>(maps.data_ptr());
  const __m512 low = _mm512_setzero_ps(), high = _mm512_set1_ps(limit);
  int64_t at = 0;
  for (; at + LANES <= maps.numel(); at += LANES)
    store(values + at, _mm512_min_ps(_mm512_max_ps(load(values + at), low), high));
  for (; at < maps.numel(); at++) {
    const float value = values[at];
    values[at] = value < 0 ? 0 : (value > limit ? limit : value);
  }
}

// Sum per channel over images and pixels.
at::Tensor channel_sums(at::Tensor maps) {
  const int64_t channels = maps.size(1), pixels = maps.numel() / channels, whole = channels / LANES * LANES;
  auto sums = at::zeros({channels}, at::kFloat);
  float* sum = sums.data_ptr<float>();
  const auto* values = static_cast<const Half*>(maps.data_ptr());
  for (int64_t pixel = 0; pixel < pixels; pixel++) {
    const Half* row = values + pixel * channels;
    for (int64_t c = 0; c < whole; c += LANES)
      _mm512_storeu_ps(sum + c, _mm512_add_ps(_mm512_loadu_ps(sum + c), load(row + c)));
    for (int64_t c = whole; c < channels; c++) sum[c] += static_cast<float>(row[c]);
  }
  return sums;
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  m.def("depthwise_backward", &depthwise_backward);
  m.def("clamp_backward", &clamp_backward);
  m.def("clamp_", &clamp_);
  m.def("channel_sums", &channel_sums);
}
